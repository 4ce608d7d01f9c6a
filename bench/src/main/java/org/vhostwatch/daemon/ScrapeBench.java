package org.vhostwatch.daemon;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.vhostwatch.bench.SyntheticHost;
import org.vhostwatch.incident.Transcript;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.metrics.prometheus.PrometheusExposition;
import org.vhostwatch.notify.Notices;
import org.vhostwatch.probe.Census;
import org.vhostwatch.snapshot.HostSnapshot;

/** What a scrape costs after the snapshot was made: the text of /metrics. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ScrapeBench {

  @Param({"200", "2000"})
  public int queues;

  private @Nullable HostSnapshot snapshot;
  private final PrometheusExposition exposition =
      new PrometheusExposition(() -> Objects.requireNonNull(snapshot), "bench");

  /** A host that has been looked at, and counted. */
  @Setup
  public void host() throws IOException {
    Path root = Files.createTempDirectory("host");
    try {
      Census census = new SyntheticHost(root).workers(queues).census();
      Daemon daemon = new Daemon(TestOptions.of(root, root), LogRing.attach(), Notices.NONE);
      daemon.cycle(System.nanoTime());
      daemon.take(
          new Incoming.Counted(census, Transcript.ofCensus(System.nanoTime())), System.nanoTime());
      daemon.cycle(System.nanoTime());
      snapshot = daemon.snapshot();
      daemon.close();
    } finally {
      SyntheticHost.delete(root);
    }
  }

  @Benchmark
  public String render() throws IOException {
    StringWriter page = new StringWriter();
    exposition.write(Exposition.Format.TEXT, page);
    if (page.getBuffer().length() < 500L * queues) {
      throw new IllegalStateException("only " + page.getBuffer().length() + " characters");
    }
    return page.toString();
  }
}
