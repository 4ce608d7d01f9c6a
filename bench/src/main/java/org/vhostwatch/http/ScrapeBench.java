package org.vhostwatch.http;

import java.io.IOException;
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
import org.vhostwatch.daemon.CalmHost;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.metrics.prometheus.PrometheusExposition;
import org.vhostwatch.snapshot.HostSnapshot;

/** What a scrape costs after the snapshot was made: the body of /metrics, plain and packed. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ScrapeBench {

  private static final int LEAST_BYTES = 500;

  @Param({"200", "2000"})
  public int queues;

  private @Nullable HostSnapshot snapshot;
  private final PrometheusExposition exposition =
      new PrometheusExposition(() -> Objects.requireNonNull(snapshot), "bench");
  private final Response metrics =
      Response.large("text/plain", out -> exposition.write(Exposition.Format.TEXT, out));

  /** A host that has been looked at, and counted. */
  @Setup
  public void host() throws IOException {
    snapshot = CalmHost.snapshot(queues);
    if (metrics.bytes(false).length < LEAST_BYTES * queues) {
      throw new IllegalStateException("not all queues are in it");
    }
  }

  @Benchmark
  public byte[] plain() throws IOException {
    return metrics.bytes(false);
  }

  @Benchmark
  public byte[] packed() throws IOException {
    return metrics.bytes(true);
  }
}
