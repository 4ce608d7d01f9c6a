package org.vhostwatch.metrics.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.report.Samples;

/** The rules of {@code promtool check metrics}, for builds where promtool is not installed. */
class NamingRulesTest {

  private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][\\w:]*)(\\{(.*)})? .*");
  private static final List<String> WORDS =
      List.of("_gauge", "_counter", "_histogram", "_summary", "_untyped");
  private static final Pattern ABBREVIATED =
      Pattern.compile(".*_(s|ms|us|ns|sec|b|kb|mb|gb|tb|pb|m|h|d)(_total)?");
  private static final Pattern NOT_BASE =
      Pattern.compile(".*(milli|micro|nano|minute|hour|kilo|mega|gigabyte|_bits|percent).*");

  private final Map<String, String> types = new HashMap<>();
  private final Map<String, String> helps = new HashMap<>();
  private final Map<String, String> samples = new HashMap<>();

  @BeforeEach
  void scrape() {
    for (String line : Scrapes.full(Exposition.Format.TEXT).lines().toList()) {
      String[] words = line.split(" ", 4);
      Matcher sample = SAMPLE.matcher(line);
      if (line.startsWith("# TYPE ")) {
        assertThat(types.put(words[2], words[3])).as(line).isNull();
      } else if (line.startsWith("# HELP ")) {
        assertThat(helps.put(words[2], words[3])).as(line).isNull();
      } else {
        assertThat(sample.matches()).as(line).isTrue();
        samples.put(sample.group(1), sample.group(3) == null ? "" : sample.group(3));
      }
    }
  }

  @Test
  void everyMetricHasHelp() {
    assertThat(helps.keySet()).isEqualTo(types.keySet());
    assertThat(helps.values()).noneMatch(String::isBlank);
  }

  @Test
  void countersAndOnlyCountersEndWithTotal() {
    types.forEach(
        (name, type) ->
            assertThat(name.endsWith("_total")).as(name).isEqualTo(type.equals("counter")));
  }

  @Test
  void namesAreSnakeCaseInBaseUnitsWithoutTypeWords() {
    assertThat(types.keySet())
        .allMatch(name -> name.matches("[a-z][a-z0-9_]*"))
        .noneMatch(name -> WORDS.stream().anyMatch(word -> name.endsWith(word)))
        .noneMatch(name -> ABBREVIATED.matcher(name).matches())
        .noneMatch(name -> NOT_BASE.matcher(name).matches());
  }

  @Test
  void reservedSuffixesAndLabelsAreOfHistogramsAndSummariesOnly() {
    types.forEach(
        (name, type) -> {
          if (!type.equals("histogram") && !type.equals("summary")) {
            assertThat(name).doesNotMatch(".*_(bucket|sum|count)");
            assertThat(samples.getOrDefault(name, "")).doesNotContain("le=", "quantile=");
          }
        });
  }

  @Test
  void everyMetricOfOursHasOurPrefix() {
    assertThat(types.keySet()).allMatch(name -> name.matches("(vhostwatch|jvm|process)_.*"));
  }

  @Test
  void whatAnotherExporterPassesOnHasOurNamesAlone() {
    assertThat(Scrapes.own(Samples.snapshot()).lines().filter(line -> !line.startsWith("#")))
        .anyMatch(line -> line.startsWith("vhostwatch_lines_dropped_total "))
        .anyMatch(line -> line.startsWith("vhostwatch_queue_livelocked{"))
        .allMatch(line -> line.startsWith("vhostwatch_"));
  }
}
