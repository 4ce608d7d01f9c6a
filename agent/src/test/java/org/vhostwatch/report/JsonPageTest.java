package org.vhostwatch.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keeps docs/json.md and the reports together, in both directions. */
class JsonPageTest {

  private static final Path PAGE = Path.of("..", "docs", "json.md");
  private static final Pattern ROW =
      Pattern.compile("\\| `([^`]+)` \\| (string|number|bool|arr|ob).*");

  /** Arrays and objects that have a section of their own in the page. */
  private static final Map<String, String> SECTIONS =
      Map.of(
          "queues", "queue",
          "threads", "queue",
          "workers", "worker",
          "worker", "worker",
          "evidence", "evidence");

  private final Map<String, Set<String>> written = new TreeMap<>();

  @BeforeEach
  void writeFullReports() {
    walk("diagnosis", "", ParsedJson.object(JsonReport.of(Samples.findings())));
    walk("threads", "", ParsedJson.object(ThreadsReport.json(Samples.findings())));
    walk("status", "", ParsedJson.object(StatusReport.of(Samples.snapshot())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"diagnosis", "threads", "status", "queue", "evidence", "worker"})
  void eachFieldIsInThePageAndEachRowOfThePageIsAField(String section) throws IOException {
    assertThat(documented(section)).containsExactlyInAnyOrderElementsOf(written.get(section));
  }

  private void walk(String section, String prefix, Map<?, ?> object) {
    object.forEach(
        (key, value) -> {
          String name = (String) key;
          boolean free = prefix.equals("probes.attached.") || prefix.equals("probes.runs.");
          String path = prefix + (free ? "*" : name);
          written.computeIfAbsent(section, any -> new TreeSet<>()).add(path);
          if (SECTIONS.containsKey(name)) {
            inner(SECTIONS.get(name), "", value);
          } else if (!histogram(value)) {
            inner(section, path + (value instanceof List<?> ? "[]." : "."), value);
          }
        });
  }

  private void inner(@Nullable String section, String prefix, @Nullable Object value) {
    for (Object item : value instanceof List<?> list ? list : List.of(value == null ? "" : value)) {
      if (section != null && item instanceof Map<?, ?> object) {
        walk(section, prefix, object);
      }
    }
  }

  private static boolean histogram(@Nullable Object value) {
    return value instanceof Map<?, ?> map
        && map.keySet().stream().allMatch(key -> ((String) key).matches("-?\\d+"));
  }

  private static Set<String> documented(String section) throws IOException {
    Set<String> fields = new TreeSet<>();
    String current = "";
    for (String line : Files.readAllLines(PAGE)) {
      current = line.startsWith("## ") ? line.substring(3) : current;
      Matcher row = ROW.matcher(line);
      if (current.equals(section) && row.matches()) {
        fields.add(row.group(1));
      }
    }
    return fields;
  }
}
