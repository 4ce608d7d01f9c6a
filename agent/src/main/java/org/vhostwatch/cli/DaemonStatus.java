package org.vhostwatch.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.Plural;
import org.vhostwatch.report.Printable;
import org.vhostwatch.report.StatusReport;

/**
 * What the daemon answered, as far as it is told here.
 *
 * @param worst of all verdicts; UNKNOWN if the daemon sees too little
 * @param exitCode of the command, as the daemon gives it
 * @param standsStill that the daemon's loop stands still, in words; empty if it goes round
 * @param queues in the daemon's order, the worst first
 * @param workers how many vhost workers there are
 * @param unexplained how many of them are busy without a known cause
 * @param idle why there is nothing to watch; empty if there may be something
 * @param exposure whether the kernel is affected, in a word
 * @param troubles what keeps the daemon from seeing all
 */
record DaemonStatus(
    Verdict worst,
    int exitCode,
    String standsStill,
    List<Queue> queues,
    int workers,
    int unexplained,
    String idle,
    String exposure,
    List<String> troubles) {

  /** Queues that are named; the rest is counted. */
  private static final int NAMED = 3;

  /**
   * A queue; what it is called is hostile text.
   *
   * @param unused whether it is stalled because its guest has not brought the interface up
   */
  record Queue(
      Verdict verdict, boolean unused, String vm, String tap, String index, String summary) {

    private String name() {
      return "VM "
          + Printable.of(vm)
          + (tap.isEmpty() ? "" : ", tap " + Printable.of(tap))
          + (index.isEmpty() ? "" : ", queue " + index);
    }
  }

  private static final String NOT_OURS = "what answers is no daemon of ours";
  private static final JsonFactory JSON = new JsonFactory();

  /** Reads {@code vhostwatch.status/1}. */
  static DaemonStatus parse(String text) throws IOException {
    Map<String, String> fields = new HashMap<>();
    List<Queue> queues = new ArrayList<>();
    List<String> troubles = new ArrayList<>();
    String exposure = "unknown";
    int workers = 0;
    int unexplained = 0;
    try (JsonParser json = JSON.createParser(text)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException(NOT_OURS);
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        if (name.equals("queues")) {
          while (json.nextToken() == JsonToken.START_OBJECT) {
            queues.add(queue(texts(json)));
          }
        } else if (name.equals("workers")) {
          workers = count(json);
        } else if (name.equals("unexplained")) {
          unexplained = count(json);
        } else if (name.equals("troubles")) {
          while (json.nextToken() == JsonToken.VALUE_STRING) {
            troubles.add(json.getText());
          }
        } else if (name.equals("exposure") && value == JsonToken.START_OBJECT) {
          exposure = texts(json).getOrDefault("status", exposure);
        } else if (value.isScalarValue() && value != JsonToken.VALUE_NULL) {
          fields.put(name, json.getText());
        } else {
          json.skipChildren();
        }
      }
      if (json.nextToken() != null) {
        throw new IOException(NOT_OURS);
      }
    } catch (JsonProcessingException e) {
      throw new IOException(NOT_OURS, e);
    }
    if (!StatusReport.SCHEMA.equals(fields.get("schema"))) {
      throw new IOException(NOT_OURS);
    }
    Verdict worst = verdict(fields.getOrDefault("verdict", ""));
    return new DaemonStatus(
        worst,
        exitCode(fields.getOrDefault("exit_code", ""), worst),
        fields.getOrDefault("stands_still", ""),
        List.copyOf(queues),
        workers,
        unexplained,
        fields.getOrDefault("nothing_to_watch", ""),
        exposure,
        List.copyOf(troubles));
  }

  /** Counts the objects of the array that begins here. */
  private static int count(JsonParser json) throws IOException {
    int count = 0;
    while (json.nextToken() == JsonToken.START_OBJECT) {
      json.skipChildren();
      count++;
    }
    return count;
  }

  private static int exitCode(String said, Verdict worst) {
    return said.matches("[0-3]") ? Integer.parseInt(said) : ExitCode.of(worst);
  }

  private static Queue queue(Map<String, String> fields) {
    return new Queue(
        verdict(fields.getOrDefault("verdict", "")),
        fields.getOrDefault("unused", "").equals("true"),
        fields.getOrDefault("vm", ""),
        fields.getOrDefault("tap", ""),
        fields.getOrDefault("queue_index", ""),
        fields.getOrDefault("summary", ""));
  }

  /** A later daemon may have others. */
  private static Verdict verdict(String name) {
    return Stream.of(Verdict.values())
        .filter(verdict -> verdict.name().equals(name))
        .findFirst()
        .orElse(Verdict.UNKNOWN);
  }

  /** Reads the texts and numbers of the object that begins here; what is nested is passed over. */
  private static Map<String, String> texts(JsonParser json) throws IOException {
    Map<String, String> texts = new HashMap<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      if (value.isStructStart()) {
        json.skipChildren();
      } else if (value != JsonToken.VALUE_NULL) {
        texts.put(name, json.getText());
      }
    }
    return texts;
  }

  private long count(Verdict verdict) {
    return queues.stream().filter(queue -> queue.verdict() == verdict && !queue.unused()).count();
  }

  private long unused() {
    return queues.stream().filter(Queue::unused).count();
  }

  private List<Queue> troubled() {
    return queues.stream()
        .filter(queue -> queue.verdict() != Verdict.HEALTHY && queue.verdict() != Verdict.BUSY)
        .toList();
  }

  /** Returns some lines for people. */
  String text() {
    StringBuilder text = new StringBuilder();
    text.append(headline()).append('\n');
    for (Queue queue : troubled()) {
      text.append("  ").append(queue.verdict()).append("  ").append(queue.name()).append(": ");
      text.append(Printable.of(queue.summary())).append('\n');
    }
    text.append("kernel: ").append(Printable.of(exposure)).append('\n');
    troubles.forEach(each -> text.append("trouble: ").append(Printable.of(each)).append('\n'));
    return text.toString();
  }

  /** Returns the line of a plugin: status, words, then performance data behind a bar. */
  String plugin() {
    String status =
        switch (exitCode()) {
          case ExitCode.OK -> "OK";
          case ExitCode.WARNING -> "WARNING";
          case ExitCode.LIVELOCKED -> "CRITICAL";
          default -> "UNKNOWN";
        };
    List<Queue> troubled = troubled().stream().filter(queue -> !queue.unused()).toList();
    String names =
        troubled.stream().limit(NAMED).map(Queue::name).collect(Collectors.joining("; "));
    String degraded = troubles.isEmpty() ? "" : "; degraded: " + Printable.of(troubles.get(0));
    String words =
        headline()
            + (names.isEmpty() ? "" : ": " + names)
            + (troubled.size() > NAMED ? "; and " + (troubled.size() - NAMED) + " more" : "")
            + degraded;
    // The bar parts words and data: a VM may be called so.
    return "VHOSTWATCH " + status + " - " + words.replace('|', '/') + " | " + data() + "\n";
  }

  private String headline() {
    String all = "of " + Plural.of(queues.size(), "queue");
    String word = worst.name().toLowerCase(Locale.ROOT);
    String seen = seen(all, word);
    return standsStill.isEmpty() ? seen : Printable.of(standsStill) + "; it saw last: " + seen;
  }

  private String seen(String all, String word) {
    return switch (worst) {
      case HEALTHY, BUSY ->
          Plural.of(queues.size(), "queue")
              + ", none in trouble"
              + (idle.isEmpty() ? "" : "; " + Printable.of(idle))
              + (unused() == 0 ? "" : "; " + Plural.of(unused(), "interface") + " not brought up")
              + (unexplained == 0
                  ? ""
                  : "; " + Plural.of(unexplained, "worker") + " busy without a known cause");
      case UNKNOWN -> "not enough can be seen to tell, " + Plural.of(queues.size(), "queue");
      case SPINNING, STALLED, LIVELOCKED -> count(worst) + " " + all + " " + word;
    };
  }

  private String data() {
    return String.format(
        Locale.ROOT,
        "livelocked=%d;;0;0 stalled=%d;0;;0 spinning=%d;0;;0 unknown=%d;;;0 queues=%d;;;0"
            + " workers=%d;;;0 unexplained=%d;0;;0",
        count(Verdict.LIVELOCKED),
        count(Verdict.STALLED),
        count(Verdict.SPINNING),
        count(Verdict.UNKNOWN),
        queues.size(),
        workers,
        unexplained);
  }
}
