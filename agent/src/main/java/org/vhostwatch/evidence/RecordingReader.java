package org.vhostwatch.evidence;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.exposure.Clue;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.probe.EvidencePlan;
import org.vhostwatch.probe.Measurement;

/** Plays a recording: gives its events with their times, in order. */
public final class RecordingReader {

  private static final JsonFactory JSON = new JsonFactory();

  private RecordingReader() {}

  /** Takes the events of a recording. */
  public interface Sink {
    void accept(long at, Event event);
  }

  /** A file that is not a whole recording; the message names file and line. */
  public static final class FormatException extends Exception {
    private static final long serialVersionUID = 1L;

    FormatException(String message) {
      super(message);
    }
  }

  /** Reads the file, one line at a time. */
  public static void read(Path file, Sink sink) throws IOException, FormatException {
    // Bytes first, text line by line: a byte that is no text is then the fault of its own line.
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
      int number = 1;
      String first = lines.readLine();
      if (first == null || !first.contains("\"" + Recording.FORMAT + "\"")) {
        throw new FormatException(
            file + ": not a recording of vhostwatch (" + Recording.FORMAT + ")");
      }
      boolean host = false;
      Set<Event.Source> begun = EnumSet.noneOf(Event.Source.class);
      long last = Long.MIN_VALUE;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        try {
          Map<String, Object> fields = object(utf8(line));
          long at = number(fields, "at");
          if (at < last) {
            throw new IllegalArgumentException("time goes back");
          }
          last = at;
          Event event = event(fields);
          sink.accept(at, event);
          if (event instanceof Event.Host) {
            host = true;
          } else if (event instanceof Event.Begin begin) {
            begun.add(begin.source());
          } else if (event instanceof Event.End end) {
            begun.remove(end.source());
          }
        } catch (JsonProcessingException e) {
          throw new FormatException(
              file + ", line " + number + ", is damaged or cut off: " + e.getOriginalMessage());
        } catch (IOException | IllegalArgumentException | ClassCastException e) {
          throw new FormatException(file + ", line " + number + ": " + e.getMessage());
        }
      }
      // What is cut off between two lines is the beginning of a recording, and would be calm.
      if (!host || !begun.isEmpty()) {
        String lacks = host ? "the end of " + begun : "the host";
        throw new FormatException(file + ": cut off after line " + number + ": it lacks " + lacks);
      }
    }
  }

  private static Event event(Map<String, Object> fields) {
    if (fields.get("host") instanceof Map<?, ?> host) {
      return host(host);
    }
    if (fields.get("workers") instanceof List<?> workers) {
      return workers(workers, list(fields, "vmms"));
    }
    if (fields.get("ports") instanceof List<?> ports) {
      return ports(ports);
    }
    if (fields.get("around") instanceof Map<?, ?> around) {
      return new Event.Around(SurroundingsFields.read(around));
    }
    if (fields.containsKey("begin")) {
      return new Event.Begin(source(fields, "begin"), plan(fields.get("plan")));
    }
    if (fields.containsKey("line")) {
      return new Event.Line(source(fields, "line"), text(fields, "text"));
    }
    if (fields.containsKey("end")) {
      return new Event.End(source(fields, "end"), text(fields, "trouble"));
    }
    throw new IllegalArgumentException("an event of an unknown kind");
  }

  private static Event host(Map<?, ?> host) {
    List<Measurement> measurements = new ArrayList<>();
    for (Map<?, ?> measurement : maps(list(host, "measurements"))) {
      measurements.add(
          new Measurement(
              text(measurement, "what"),
              text(measurement, "how"),
              Measurement.Quality.valueOf(text(measurement, "quality"))));
    }
    return new Event.Host(
        number(host, "wallMillis"),
        text(host, "kernel"),
        text(host, "bpftrace"),
        flag(host, "indices"),
        measurements,
        // Recordings of older versions have none.
        host.get("exposure") instanceof Map<?, ?> exposure
            ? Optional.of(exposure(exposure))
            : Optional.empty());
  }

  private static KernelExposure exposure(Map<?, ?> exposure) {
    List<Clue> clues = new ArrayList<>();
    for (Map<?, ?> clue : maps(list(exposure, "clues"))) {
      clues.add(
          new Clue(
              Clue.Source.valueOf(text(clue, "source")),
              Exposure.valueOf(text(clue, "says")),
              flag(clue, "decides"),
              text(clue, "text")));
    }
    return new KernelExposure(
        Exposure.valueOf(text(exposure, "status")),
        text(exposure, "reason"),
        text(exposure, "upstream"),
        clues);
  }

  private static Event workers(List<?> seen, List<?> owners) {
    List<Worker> workers = new ArrayList<>();
    for (Map<?, ?> worker : maps(seen)) {
      workers.add(
          new Worker(
              (int) number(worker, "tid"),
              (int) number(worker, "tgid"),
              number(worker, "startTicks"),
              text(worker, "comm"),
              Worker.Kind.valueOf(text(worker, "kind")),
              (text(worker, "state") + "?").charAt(0),
              number(worker, "cpuTicks"),
              worker.containsKey("waitedNanos") ? number(worker, "waitedNanos") : Worker.UNKNOWN,
              (int) number(worker, "cpu"),
              (int) number(worker, "nice")));
    }
    List<Vmm> vmms = new ArrayList<>();
    for (Map<?, ?> vmm : maps(owners)) {
      vmms.add(
          new Vmm(
              (int) number(vmm, "pid"),
              number(vmm, "startTicks"),
              text(vmm, "comm"),
              text(vmm, "name"),
              vmm.get("uuid") instanceof String uuid ? Optional.of(uuid) : Optional.empty(),
              vmm.get("vmid") instanceof String vmid ? Optional.of(vmid) : Optional.empty()));
    }
    return new Event.Workers(workers, vmms);
  }

  private static Event ports(List<?> seen) {
    Map<WorkerId, TapPort> ports = new HashMap<>();
    for (Map<?, ?> port : maps(seen)) {
      ports.put(
          new WorkerId((int) number(port, "tid"), number(port, "startTicks")),
          new TapPort(
              text(port, "name"),
              (int) number(port, "ifindex"),
              text(port, "master"),
              number(port, "netns"),
              (int) number(port, "index"),
              false));
    }
    return new Event.Ports(ports);
  }

  private static @Nullable EvidencePlan plan(@Nullable Object given) {
    if (!(given instanceof Map<?, ?> plan)) {
      return null;
    }
    Set<Integer> workers = new HashSet<>();
    for (Object tid : list(plan, "workers")) {
      workers.add(((Long) tid).intValue());
    }
    return new EvidencePlan(
        workers,
        flag(plan, "indices"),
        flag(plan, "getRxBufs"),
        text(plan, "peekFunction"),
        text(plan, "descriptorFunction"),
        flag(plan, "recvmsg"),
        flag(plan, "signalled"),
        flag(plan, "gaveUp"));
  }

  private static Event.Source source(Map<String, Object> fields, String name) {
    return Event.Source.valueOf(text(fields, name));
  }

  static List<Map<?, ?>> maps(List<?> values) {
    List<Map<?, ?>> maps = new ArrayList<>();
    for (Object value : values) {
      maps.add((Map<?, ?>) value);
    }
    return maps;
  }

  static String text(Map<?, ?> fields, String name) {
    return (String) present(fields, name);
  }

  static long number(Map<?, ?> fields, String name) {
    return (Long) present(fields, name);
  }

  static boolean flag(Map<?, ?> fields, String name) {
    return (Boolean) present(fields, name);
  }

  static List<?> list(Map<?, ?> fields, String name) {
    return (List<?>) present(fields, name);
  }

  private static Object present(Map<?, ?> fields, String name) {
    Object value = fields.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no " + name);
    }
    return value;
  }

  private static String utf8(String bytes) throws IOException {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)))
          .toString();
    } catch (CharacterCodingException e) {
      throw new IOException("not UTF-8", e);
    }
  }

  private static Map<String, Object> object(String line) throws IOException {
    try (JsonParser json = JSON.createParser(line)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not a JSON object");
      }
      Map<String, Object> fields = object(json);
      if (json.nextToken() != null) {
        throw new IOException("more than one JSON object");
      }
      return fields;
    }
  }

  private static Map<String, Object> object(JsonParser json) throws IOException {
    Map<String, Object> fields = new HashMap<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      fields.put(name, value(json));
    }
    if (json.currentToken() != JsonToken.END_OBJECT) {
      throw new IOException("the object does not end");
    }
    return fields;
  }

  private static Object value(JsonParser json) throws IOException {
    return switch (json.currentToken()) {
      case START_OBJECT -> object(json);
      case START_ARRAY -> {
        List<Object> values = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          values.add(value(json));
        }
        yield values;
      }
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT -> json.getLongValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> throw new IOException("unexpected " + json.currentToken());
    };
  }
}
