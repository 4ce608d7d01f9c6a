package org.vhostwatch.metrics;

import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.IntSupplier;
import org.vhostwatch.host.Fields;
import org.vhostwatch.host.ProcFs;

/**
 * What the agent costs and whether it keeps up: counters and timers about itself, never about the
 * host. Knows Micrometer only, so the client library behind it can change.
 */
public final class SelfMetrics implements AutoCloseable {

  private static final int MAX_STATUS_BYTES = 8 << 10;

  private final Timer cycle;
  private final Timer lag;
  private final Timer scan;
  private final Counter dropped;
  private final Counter mitigations;
  private final Counter mitigationFailures;
  private final JvmGcMetrics collections = new JvmGcMetrics();

  /**
   * @param queuedLines how many lines of bpftrace wait for the detector now
   */
  public SelfMetrics(MeterRegistry registry, IntSupplier queuedLines) {
    cycle =
        Timer.builder("vhostwatch.cycle")
            .description("Cycles of the daemon: look, judge, publish.")
            .register(registry);
    lag =
        Timer.builder("vhostwatch.lag")
            .description("How late the cycles began.")
            .register(registry);
    scan =
        Timer.builder("vhostwatch.scan")
            .description("Looks at the workers in /proc.")
            .register(registry);
    dropped =
        Counter.builder("vhostwatch.lines.dropped")
            .description("Lines of bpftrace dropped because the detector did not keep up.")
            .register(registry);
    mitigations =
        Counter.builder("vhostwatch.mitigations")
            .description("Taps whose offloads the daemon turned off by itself.")
            .register(registry);
    mitigationFailures =
        Counter.builder("vhostwatch.mitigation.failures")
            .description("Attempts of the daemon to turn offloads of taps off that failed.")
            .register(registry);
    // Held strongly: nobody else needs to keep the supplier.
    Gauge.builder("vhostwatch.lines.queued", queuedLines, IntSupplier::getAsInt)
        .description("Lines of bpftrace that wait for the detector.")
        .strongReference(true)
        .register(registry);
    process(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    collections.bindTo(registry);
  }

  /** Counts one cycle of the daemon. */
  public void cycle(Duration took) {
    cycle.record(took);
  }

  /** Counts how much later than wanted a cycle began; not negative. */
  public void lag(Duration late) {
    lag.record(late);
  }

  /** Counts one look at the workers. */
  public void scan(Duration took) {
    scan.record(took);
  }

  /** Counts lines that were dropped. */
  public void droppedLines(long lines) {
    dropped.increment((double) lines);
  }

  /** Counts a tap whose offloads were turned off by the daemon itself. */
  public void mitigated() {
    mitigations.increment();
  }

  /** Counts an attempt to do so that failed. */
  public void mitigationFailed() {
    mitigationFailures.increment();
  }

  /** Micrometer's own processor metrics count in nanoseconds: these have Prometheus' names. */
  private static void process(MeterRegistry registry) {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      FunctionCounter.builder("process.cpu", system, bean -> bean.getProcessCpuTime() / 1e9)
          .baseUnit("seconds")
          .description("CPU time of the agent, bpftrace not included.")
          .register(registry);
    }
    Gauge.builder("process.resident.memory", SelfMetrics::residentBytes)
        .baseUnit("bytes")
        .description("Resident memory of the agent, bpftrace not included.")
        .register(registry);
  }

  private static double residentBytes() {
    OptionalLong kilobytes =
        Fields.of(new ProcFs(Path.of("/")), "proc/self/status", MAX_STATUS_BYTES).number("VmRSS");
    // A gauge has no other way to tell that it cannot be had.
    return kilobytes.isPresent() ? kilobytes.getAsLong() * 1024.0 : Double.NaN;
  }

  @Override
  public void close() {
    collections.close();
  }
}
