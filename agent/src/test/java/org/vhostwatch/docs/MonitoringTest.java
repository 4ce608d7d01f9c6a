package org.vhostwatch.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Keeps rules, their tests, dashboards, runbooks and the pages on them together. What the programs
 * that read them say is asked by {@code monitoring/check}.
 */
class MonitoringTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path MONITORING = ROOT.resolve("monitoring");
  private static final Path RUNBOOKS = ROOT.resolve("docs/runbooks");
  private static final String URL = "https://vhostwatch.org/docs/runbooks/";

  /** A metric of ours that is not part of the name of a recorded one. */
  private static final Pattern METRIC = Pattern.compile("(?<![:\\w])vhostwatch_\\w+(?![:\\w])");

  private static final Pattern RECORDED = Pattern.compile("\\b\\w+:vhostwatch_\\w+:\\w+");
  private static final Pattern DOCUMENTED = Pattern.compile("(?m)^\\| `(vhostwatch_\\w+)` \\|");

  /** An alert with all that belongs to it: up to the next. */
  private static final Pattern ALERT =
      Pattern.compile("(?ms)^ +- alert: (\\w+)$(.*?)(?=^ +- (?:alert|name): |\\z)");

  private static final Pattern RECORD = Pattern.compile("(?m)^ +- record: (\\S+)$");

  /** One look of a test at an alert, and whether it shall fire then. */
  private static final Pattern LOOK =
      Pattern.compile("(?m)^ +alertname: (\\w+)\n +exp_alerts:( \\[\\])?$");

  private static final Pattern COMMANDS = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  /** What changes nothing. */
  private static final Pattern READ_ONLY =
      Pattern.compile(
          "vhostwatch (diagnose|incidents|threads|exposure|check|mitigate)\\b(?!.*--(apply|undo)).*"
              + "|ip -s link show TAP|(top -H -b -n 1|cat|ps|uname|uptime|date|bpftrace --version)\\b.*"
              + "|curl -sS --max-time 5 [^|]*(\\| grep .*)?");

  static List<Path> dashboards() throws IOException {
    return files(MONITORING.resolve("grafana/dashboards"), ".json");
  }

  static List<MatchResult> alerts() throws IOException {
    return ALERT
        .matcher(Files.readString(MONITORING.resolve("prometheus/vhostwatch-alerts.yml")))
        .results()
        .toList();
  }

  private static Set<String> alertNames() throws IOException {
    return alerts().stream()
        .map(alert -> alert.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void eachMetricThatIsUsedIsDocumented() throws IOException {
    Set<String> documented = names(DOCUMENTED, 1, List.of(ROOT.resolve("docs/metrics.md")));
    List<Path> users = new ArrayList<>(dashboards());
    users.addAll(files(MONITORING.resolve("prometheus"), ".yml"));
    users.addAll(files(MONITORING.resolve("tests"), ".yml"));
    Set<String> used = names(METRIC, 0, users);
    assertThat(used).hasSizeGreaterThan(30);
    assertThat(used)
        .allMatch(
            name ->
                documented.contains(name)
                    || documented.contains(name.replaceFirst("_(bucket|count|sum)$", "")));
  }

  @Test
  void eachRecordedMetricThatIsUsedIsRecordedAndTested() throws IOException {
    Path fleet = MONITORING.resolve("prometheus/vhostwatch-fleet.yml");
    Set<String> recorded = names(RECORD, 1, List.of(fleet));
    assertThat(recorded).hasSizeGreaterThan(15);
    assertThat(recorded).containsAll(names(RECORDED, 0, dashboards()));
    assertThat(recorded).containsAll(names(RECORDED, 0, List.of(fleet)));
    String tests = Files.readString(MONITORING.resolve("tests/fleet.yml"));
    assertThat(recorded).allMatch(name -> tests.contains("- expr: " + name + "\n"));
  }

  @ParameterizedTest
  @MethodSource("alerts")
  void anAlertSaysWhatWhereHowBadAndWhatToDo(MatchResult alert) {
    String name = alert.group(1);
    String text = alert.group(2);
    assertThat(text)
        .containsPattern("(?m)^        for: \\d+[smh]$")
        .containsPattern("(?m)^          severity: (critical|warning|info)$")
        .containsPattern("(?m)^          summary: .+\\.$")
        .contains("description: >-", "$labels.instance")
        .contains("runbook_url: " + URL + name + ".md\n");
    assertThat(RUNBOOKS.resolve(name + ".md")).isRegularFile();
    if (name.startsWith("VhostQueue")) {
      assertThat(text).contains("$labels.vm", "$labels.queue");
      assertThat(text.contains("$labels.tap"))
          .as("the tap is said where it is known")
          .isEqualTo(!text.contains("without (tap)"));
    }
  }

  @Test
  void eachAlertIsTestedFiringNotFiringAndEnding() throws IOException {
    Set<String> fires = new TreeSet<>();
    Set<String> calm = new TreeSet<>();
    Set<String> ends = new TreeSet<>();
    for (Path file : files(MONITORING.resolve("tests"), ".yml")) {
      for (String test : Files.readString(file).split("(?m)^  - name: ", -1)) {
        Set<String> fired = new TreeSet<>();
        LOOK.matcher(test)
            .results()
            .forEach(
                look -> {
                  if (look.group(2) == null) {
                    fires.add(look.group(1));
                    fired.add(look.group(1));
                  } else {
                    (fired.contains(look.group(1)) ? ends : calm).add(look.group(1));
                  }
                });
      }
    }
    assertThat(alertNames()).hasSizeGreaterThan(10);
    assertThat(fires).isEqualTo(alertNames());
    assertThat(calm).isEqualTo(alertNames());
    assertThat(ends).isEqualTo(alertNames());
  }

  @Test
  void eachRunbookBelongsToAnAlertAndAnswersTheSameQuestions() throws IOException {
    Set<String> pages = new TreeSet<>();
    for (Path page : files(RUNBOOKS, ".md")) {
      String name = page.getFileName().toString().replace(".md", "");
      pages.add(name);
      assertThat(Files.readAllLines(page).stream().filter(line -> line.startsWith("#")))
          .as(name)
          .containsExactly(
              "# " + name,
              "## Meaning",
              "## Impact",
              "## How to look",
              "## How to act",
              "## What not to do");
    }
    assertThat(pages).isEqualTo(alertNames());
  }

  /** The lab runs them as they stand there, on a host that is in trouble. */
  @Test
  void whatRunbooksSayToLookAtChangesNothing() throws IOException {
    for (Path page : files(RUNBOOKS, ".md")) {
      String text = Files.readString(page);
      String look = text.substring(text.indexOf("## How to look"), text.indexOf("## How to act"));
      List<String> commands =
          COMMANDS.matcher(look).results().flatMap(block -> block.group(1).lines()).toList();
      assertThat(commands).as(page.toString()).isNotEmpty().allMatch(READ_ONLY.asMatchPredicate());
    }
  }

  @Test
  void thePageOnMonitoringHasEachAlertAndEachRecordedMetric() throws IOException {
    String page = Files.readString(ROOT.resolve("docs/monitoring.md"));
    assertThat(alertNames())
        .allMatch(name -> page.contains("[" + name + "](runbooks/" + name + ".md)"));
    assertThat(names(RECORD, 1, List.of(MONITORING.resolve("prometheus/vhostwatch-fleet.yml"))))
        .allMatch(name -> page.contains("`" + name + "`"));
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void aDashboardHasNoDatasourceOfItsOwn(Path file) throws IOException {
    Map<?, ?> dashboard = read(file);
    List<Object> sources = new ArrayList<>();
    collect(dashboard, "datasource", sources);
    assertThat(sources).isNotEmpty();
    assertThat(sources).allMatch(Map.of("type", "prometheus", "uid", "${datasource}")::equals);
    List<?> variables = (List<?>) ((Map<?, ?>) dashboard.get("templating")).get("list");
    assertThat(variables.stream().map(variable -> ((Map<?, ?>) variable).get("name")).toList())
        .asString()
        .startsWith("[datasource, job, ");
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void itsPanelsHaveIdsWordsUnitsAndPlacesOfTheirOwn(Path file) throws IOException {
    Map<?, ?> dashboard = read(file);
    assertThat(dashboard.get("uid")).isEqualTo(file.getFileName().toString().replace(".json", ""));
    assertThat(dashboard.get("schemaVersion")).isEqualTo(39L);
    Set<Object> ids = new TreeSet<>();
    Set<String> cells = new TreeSet<>();
    for (Object entry : (List<?>) dashboard.get("panels")) {
      Map<?, ?> panel = (Map<?, ?>) entry;
      String title = String.valueOf(panel.get("title"));
      assertThat(ids.add(panel.get("id"))).as("id of %s", title).isTrue();
      Map<?, ?> place = (Map<?, ?>) panel.get("gridPos");
      for (long x = number(place, "x"); x < number(place, "x") + number(place, "w"); x++) {
        for (long y = number(place, "y"); y < number(place, "y") + number(place, "h"); y++) {
          assertThat(x < 24 && cells.add(x + "," + y)).as("place of %s", title).isTrue();
        }
      }
      if (!"row".equals(panel.get("type"))) {
        assertThat(String.valueOf(panel.get("description"))).as(title).endsWith(".");
        queries(panel, title);
      }
    }
  }

  private static void queries(Map<?, ?> panel, String title) {
    List<Object> queries = new ArrayList<>();
    collect(panel.get("targets"), "expr", queries);
    assertThat(queries)
        .as(title)
        .isNotEmpty()
        .allMatch(query -> String.valueOf(query).contains("job=~\"$job\""));
    List<Object> units = new ArrayList<>();
    collect(panel.get("fieldConfig"), "unit", units);
    // Words need none, and a heatmap has it at its axis.
    boolean words =
        Set.of("state-timeline", "heatmap").contains(panel.get("type"))
            || Set.of("Exposure", "Kernel", "Mode", "Version", "Workers").contains(title);
    assertThat(words || !units.isEmpty()).as("unit of %s", title).isTrue();
  }

  private static long number(Map<?, ?> map, String key) {
    return (Long) map.get(key);
  }

  /** Adds all that stands under that key, at any depth. */
  private static void collect(Object tree, String key, List<Object> found) {
    if (tree instanceof Map<?, ?> map) {
      map.forEach(
          (name, value) -> {
            if (key.equals(name)) {
              found.add(value);
            }
            collect(value, key, found);
          });
    } else if (tree instanceof List<?> list) {
      list.forEach(value -> collect(value, key, found));
    }
  }

  private static Map<?, ?> read(Path file) throws IOException {
    try (JsonParser parser =
        JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build()
            .createParser(file.toFile())) {
      parser.nextToken();
      Object whole = value(parser);
      assertThat(parser.nextToken()).as("what follows").isNull();
      return (Map<?, ?>) whole;
    }
  }

  private static Object value(JsonParser parser) throws IOException {
    switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          map.put(name, value(parser));
        }
        return map;
      }
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(parser));
        }
        return list;
      }
      case VALUE_NUMBER_INT -> {
        return parser.getLongValue();
      }
      default -> {
        return String.valueOf(parser.getText());
      }
    }
  }

  private static Set<String> names(Pattern pattern, int group, List<Path> files)
      throws IOException {
    Set<String> names = new TreeSet<>();
    for (Path file : files) {
      pattern.matcher(Files.readString(file)).results().forEach(hit -> names.add(hit.group(group)));
    }
    return names;
  }

  private static List<Path> files(Path folder, String end) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(end)).sorted().toList();
    }
  }
}
