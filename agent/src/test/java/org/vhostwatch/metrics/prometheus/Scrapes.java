package org.vhostwatch.metrics.prometheus;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.metrics.SelfMetrics;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.QueueStatus;

/** Expositions of sample hosts. */
final class Scrapes {

  static final Path RESOURCES = Path.of("src/test/resources/org/vhostwatch/metrics/prometheus");

  /** What depends on the machine that runs the test, and not on us. */
  private static final Pattern VOLATILE = Pattern.compile("(# [A-Z]+ )?(jvm|process)_.*");

  private Scrapes() {}

  /** Returns the exposition of the sample host without the volatile lines. */
  static String golden(Exposition.Format format) {
    return full(format)
        .lines()
        .filter(line -> !VOLATILE.matcher(line).matches())
        .collect(Collectors.joining("\n", "", "\n"));
  }

  /** A host of which each metric says something. */
  private static HostSnapshot everything() {
    HostSnapshot host = Samples.unexplainedSnapshot();
    List<QueueStatus> queues = new ArrayList<>(host.queues());
    queues.add(Samples.notBroughtUp("mail", "vnet9"));
    return Samples.snapshot(queues).withUnexplained(host.unexplained());
  }

  /** Returns the exposition of the sample host with all that the agent says of itself. */
  static String full(Exposition.Format format) {
    try (PrometheusExposition exposition =
            new PrometheusExposition(Scrapes::everything, "0.1.0-test");
        SelfMetrics self = new SelfMetrics(exposition.registry(), () -> 3)) {
      self.cycle(Duration.ofMillis(12));
      self.lag(Duration.ofMillis(3));
      self.scan(Duration.ofMillis(5));
      self.droppedLines(4);
      self.mitigated();
      self.mitigationFailed();
      return text(exposition, format);
    }
  }

  /** Returns what is exposed of a host, without what the agent says of itself. */
  static String of(HostSnapshot snapshot) {
    try (PrometheusExposition exposition = new PrometheusExposition(() -> snapshot, "v")) {
      return text(exposition, Exposition.Format.TEXT);
    }
  }

  /** Returns what another exporter may pass on. */
  static String own(HostSnapshot snapshot) {
    try (PrometheusExposition exposition = new PrometheusExposition(() -> snapshot, "v")) {
      exposition.registry().counter("process.cpu").increment();
      exposition.registry().counter("vhostwatch.lines.dropped").increment();
      return text(exposition.own(), Exposition.Format.TEXT);
    }
  }

  private static String text(Exposition exposition, Exposition.Format format) {
    StringWriter text = new StringWriter();
    try {
      exposition.write(format, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
