package org.vhostwatch.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.ConfigurationReport;
import org.vhostwatch.config.Running;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Switch;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.IncidentJson;
import org.vhostwatch.incident.IncidentSamples;
import org.vhostwatch.probe.Measurement;
import org.vhostwatch.probe.Outlook;

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
          "exposure", "exposure",
          "unexplained", "unexplained",
          "surroundings", "surroundings",
          "evidence", "evidence",
          "queue", "queue",
          "incidents", "incident");

  /** Objects with names that are data. */
  private static final Set<String> FREE =
      Set.of("probes.attached.", "probes.runs.", "same_vm.", "other_vms.", "host.modules.");

  private final Map<String, Set<String>> written = new TreeMap<>();

  @BeforeEach
  void writeFullReports() {
    walk("diagnosis", "", ParsedJson.object(JsonReport.of(Samples.findings())));
    walk("threads", "", ParsedJson.object(ThreadsReport.json(Samples.findings())));
    walk("check", "", ParsedJson.object(check()));
    walk("mitigation", "", ParsedJson.object(MitigationReportTest.full().json()));
    Incident incident = IncidentSamples.full("web01");
    walk("incident", "", ParsedJson.object(IncidentJson.of(incident)));
    walk("incidents", "", ParsedJson.object(IncidentJson.list(List.of(incident), List.of())));
    walk(
        "status",
        "",
        ParsedJson.object(StatusReport.of(Samples.unexplainedSnapshot(), Optional.empty())));
    Map<String, Object> exposure = ParsedJson.object(ExposureReport.json(Samples.hostExposure()));
    inner("exposed queue", "", exposure.remove("queues"));
    written.computeIfAbsent("host exposure", any -> new TreeSet<>()).add("queues");
    walk("host exposure", "", exposure);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "diagnosis",
        "threads",
        "check",
        "mitigation",
        "status",
        "queue",
        "surroundings",
        "evidence",
        "worker",
        "unexplained",
        "exposure",
        "host exposure",
        "exposed queue",
        "incident",
        "incidents"
      })
  void eachFieldIsInThePageAndEachRowOfThePageIsAField(String section) throws IOException {
    assertThat(documented(section)).containsExactlyInAnyOrderElementsOf(written.get(section));
  }

  /** With a problem, a daemon that differs, and a host that can be watched. */
  private static String check() {
    Configuration.Found found =
        Configuration.find(
            Map.of(),
            Map.of("VHOSTWATCH_CONFIRM", "never", "VHOSTWATCH_LISTE", "x"),
            Path.of("/nonexistent"),
            true);
    ConfigurationReport configuration =
        new ConfigurationReport(
            found, Optional.of(new Running(7, Map.of("confirm", "5s"))), List.of("a doubt"));
    CheckReport host =
        new CheckReport(
            KernelFacts.read(new ProcFs(Path.of("/")), Switch.ON),
            Optional.of("0.23.2 (/usr/bin/bpftrace)"),
            true,
            List.of(new Measurement("spins", "kprobe x", Measurement.Quality.MEASURED)),
            Optional.of(new CheckReport.Trial(true, "attaches")),
            Optional.of(new CheckReport.Trial(false, "failed")),
            new Outlook(
                Outlook.Degree.CENSUS, List.of(new Outlook.Lack("armed probes", "much", "sysctl"))),
            List.of("a trouble"));
    return CheckReport.json(configuration::json, Optional.of(host), 78);
  }

  private void walk(String section, String prefix, Map<?, ?> object) {
    object.forEach(
        (key, value) -> {
          String name = (String) key;
          boolean free = FREE.contains(prefix);
          String path = prefix + (free ? "*" : name);
          written.computeIfAbsent(section, any -> new TreeSet<>()).add(path);
          if (SECTIONS.containsKey(name)) {
            inner(SECTIONS.get(name), "", value);
          } else if (!histogram(value) && !name.equals("surroundings")) {
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
