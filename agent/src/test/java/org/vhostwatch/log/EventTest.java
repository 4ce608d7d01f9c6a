package org.vhostwatch.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The events, what says them, and the page that tells of them belong together. */
class EventTest {

  private static final Path PAGE = Path.of("..", "docs", "logs.md");
  private static final Pattern ROW =
      Pattern.compile(
          "\\| `([a-z-]+)` \\| (\\w+) \\| ([^|]*) \\| [^|]*\\S[^|]* \\| [^|]*\\S[^|]* \\|");
  private static final Pattern IN_BRACES = Pattern.compile("\\{([a-z_]+)}");

  @ParameterizedTest
  @EnumSource(Event.class)
  void aMessageHasAllItsWordsAndNoOthers(Event event) {
    Set<String> used =
        IN_BRACES
            .matcher(event.message())
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.toSet());
    assertThat(event.fields().stream().map(Field::word)).doesNotHaveDuplicates().containsAll(used);
    assertThat(used)
        .containsAll(
            event.fields().stream().filter(field -> !field.stands()).map(Field::word).toList());
  }

  /** Texts of others: paths, addresses, what a program or an exception says. */
  private static final Set<Field> FOREIGN =
      Set.of(
          Field.ADDRESS,
          Field.AFTER,
          Field.BEFORE,
          Field.CHANGES,
          Field.ERROR,
          Field.FOLDER,
          Field.KEY,
          Field.LOGGER,
          Field.ORIGIN,
          Field.PATH,
          Field.PROBLEM,
          Field.TEXT,
          Field.THREAD);

  @ParameterizedTest
  @EnumSource(Event.class)
  void whatHoldsTextsOfOthersHasNoWordsInARedactedArchive(Event event) {
    String line = LineFormat.TEXT.line(Samples.full(event, "a b", 0));
    if (event.tellsOfQueues()) {
      assertThat(event.fields()).doesNotContainAnyElementsOf(FOREIGN);
      assertThat(RedactedLine.of(line)).isEqualTo(line);
    } else {
      assertThat(RedactedLine.of(line))
          .isEqualTo(
              "2026-11-18T11:06:40.007Z "
                  + event.priority().word()
                  + " "
                  + event.word()
                  + ": (left out)");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "14:06:43 ERROR LIVELOCKED: VM x",
        "2026-11-18T11:06:40.007Z crit no-such-event: VM x",
        "2026-11-18T11:06:40.007Z crit livelock-begins",
        " 2026-11-18T11:06:40.007Z crit livelock-begins: x"
      })
  void ofALineThatIsNoneOfOursNothingIsLeft(String line) {
    assertThat(RedactedLine.of(line)).isEqualTo("(left out)");
  }

  @Test
  void whatIsCriticalSaysWhatToDo() {
    assertThat(Arrays.stream(Event.values()).filter(e -> e.priority() == Priority.CRIT))
        .containsExactly(Event.LIVELOCK_BEGINS);
    assertThat(Event.LIVELOCK_BEGINS.message())
        .contains("let its vCPUs run", "reset it", "`vhostwatch diagnose`");
  }

  @Test
  void eachEventIsSaidByOneMethodWithExactlyItsFields() throws Exception {
    Set<Event> said = EnumSet.noneOf(Event.class);
    Logging.change(Priority.DEBUG, LogFormat.AUTO);
    try {
      for (Method method : Log.class.getDeclaredMethods()) {
        if (Modifier.isPublic(method.getModifiers())) {
          Entry entry = Taken.by(() -> method.invoke(null, arguments(method)));
          assertThat(said.add(entry.event())).as(method.getName()).isTrue();
          assertThat(entry.values().keySet())
              .as(method.getName())
              .containsExactlyInAnyOrderElementsOf(entry.event().fields());
        }
      }
    } finally {
      Logging.change(Priority.INFO, LogFormat.AUTO);
    }
    said.addAll(
        Set.of(
            Event.LIBRARY_ERROR,
            Event.LIBRARY_WARNING,
            Event.LIBRARY_INFO,
            // Said by the writer, of what it was given.
            Event.LINES_LOST));
    assertThat(said).containsExactlyInAnyOrder(Event.values());
  }

  private static Object[] arguments(Method method) {
    List<Object> arguments = new ArrayList<>();
    for (Class<?> type : method.getParameterTypes()) {
      if (type == String.class) {
        arguments.add("text");
      } else if (type == long.class) {
        arguments.add(1L);
      } else if (type == QueueName.class) {
        arguments.add(new QueueName("vm", "tap", 1, 2, 3));
      } else if (type == Log.TapName.class) {
        arguments.add(new Log.TapName("vm", "tap", 1, 2));
      } else if (type == Thread.class) {
        arguments.add(Thread.currentThread());
      } else {
        assertThat(type.isAssignableFrom(IOException.class)).as("%s", type).isTrue();
        arguments.add(new IOException("why"));
      }
    }
    return arguments.toArray();
  }

  @Test
  void thePageHasARowForEachEventAndNoOther() throws IOException {
    Map<String, String> documented = new TreeMap<>();
    for (String line : Files.readAllLines(PAGE)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        String twice =
            documented.put(row.group(1), row.group(2) + " " + row.group(3).replaceAll("[` ]", ""));
        assertThat(twice).as(row.group(1)).isNull();
      }
    }
    Map<String, String> real = new TreeMap<>();
    for (Event event : Event.values()) {
      real.put(
          event.word(),
          event.priority().word()
              + " "
              + event.fields().stream().map(Field::word).collect(Collectors.joining(",")));
    }
    assertThat(documented).isEqualTo(real);
  }

  @Test
  void thePageSaysWhichFieldsAreNumbers() throws IOException {
    Matcher row =
        Pattern.compile("\\| the event's fields \\| strings, or numbers: ([^;]*); ")
            .matcher(Files.readString(PAGE));
    assertThat(row.find()).isTrue();
    assertThat(row.group(1).replace("`", "").split(", ", -1))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Event.values())
                .flatMap(event -> Samples.full(event, "a", 1).values().entrySet().stream())
                .filter(entry -> entry.getValue() instanceof Long)
                .map(entry -> entry.getKey().word())
                .collect(Collectors.toSet()));
  }

  @Test
  void thePageSaysWhichEventsAreNeverFolded() throws IOException {
    String page = Files.readString(PAGE);
    int from = page.indexOf("Never folded:");
    String sentence = page.substring(from, page.indexOf("\n\n", from));
    Set<String> named = new HashSet<>();
    Matcher names = Pattern.compile("`([a-z-]+)`").matcher(sentence);
    while (names.find()) {
      named.add(names.group(1));
    }
    assertThat(named)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Event.values())
                .filter(event -> !event.folds())
                .map(Event::word)
                .toList());
  }
}
