package org.vhostwatch.metrics.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Keeps docs/metrics.md and the exposition together, in both directions. */
class MetricsPageTest {

  private static final Path PAGE = Path.of("..", "docs", "metrics.md");
  private static final Pattern ROW =
      Pattern.compile("\\| `(vhostwatch_\\w+)` \\| (\\w+) \\| [^|]+ \\| ([^|]*)\\| [^|]+ \\|");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");

  @Test
  void eachMetricHasARowWithItsTypeAndLabels() throws IOException {
    Map<String, String> documented = new TreeMap<>();
    for (String line : page()) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        String labels = row.group(3).replaceAll("[` ]", "");
        documented.put(row.group(1), row.group(2).replace("info", "gauge") + " " + labels);
      }
    }
    assertThat(documented).isEqualTo(exposed());
  }

  @Test
  void eachSampleInThePageIsReal() throws IOException {
    assertThat(golden()).containsAll(samples());
  }

  @Test
  void eachMetricHasASampleInThePage() throws IOException {
    List<String> samples = samples();
    for (String metric : exposed().keySet()) {
      assertThat(samples)
          .as(metric)
          .anyMatch(line -> line.matches(metric + "(_bucket|_count|_sum)?[{ ].*"));
    }
  }

  private static Map<String, String> exposed() throws IOException {
    Map<String, String> metrics = new TreeMap<>();
    String name = "";
    for (String line : golden()) {
      if (line.startsWith("# TYPE ")) {
        name = line.split(" ", -1)[2];
        metrics.put(name, line.split(" ", -1)[3] + " ");
      } else if (!line.startsWith("#") && metrics.getOrDefault(name, "").endsWith(" ")) {
        List<String> labels = LABEL.matcher(line).results().map(found -> found.group(1)).toList();
        metrics.merge(name, String.join(",", labels), String::concat);
      }
    }
    return metrics;
  }

  private static List<String> samples() throws IOException {
    return page().stream().filter(line -> line.startsWith("vhostwatch_")).toList();
  }

  private static List<String> golden() throws IOException {
    return Files.readAllLines(Scrapes.RESOURCES.resolve("golden.prom"));
  }

  private static List<String> page() throws IOException {
    return Files.readAllLines(PAGE);
  }
}
