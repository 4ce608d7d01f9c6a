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
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * What the agent costs and whether it keeps up: counters and timers about itself, never about the
 * host. Knows Micrometer only, so the client library behind it can change.
 */
public final class SelfMetrics implements AutoCloseable {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String RESIDENT = "VmRSS:";

  private final Timer cycle;
  private final Counter dropped;
  private final JvmGcMetrics collections = new JvmGcMetrics();

  /**
   * @param queuedLines how many lines of bpftrace wait for the detector now
   */
  public SelfMetrics(MeterRegistry registry, IntSupplier queuedLines) {
    cycle =
        Timer.builder("vhostwatch.cycle")
            .description("Cycles of the daemon: look, judge, publish.")
            .register(registry);
    dropped =
        Counter.builder("vhostwatch.lines.dropped")
            .description("Lines of bpftrace dropped because the detector did not keep up.")
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

  /** Counts lines that were dropped. */
  public void droppedLines(long lines) {
    dropped.increment((double) lines);
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
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(RESIDENT)) {
          List<String> words = List.of(line.substring(RESIDENT.length()).strip().split(" ", -1));
          return Long.parseLong(words.get(0)) * 1024.0;
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Said below: a gauge has no other way to tell that it cannot be had.
    }
    return Double.NaN;
  }

  @Override
  public void close() {
    collections.close();
  }
}
