package org.vhostwatch.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SelfMetricsTest {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final AtomicInteger queued = new AtomicInteger(5);

  @Test
  void countsCyclesAndLines() {
    try (SelfMetrics self = new SelfMetrics(registry, queued::get)) {
      self.cycle(Duration.ofMillis(20));
      self.droppedLines(2);
      self.droppedLines(1);
      self.lag(Duration.ofMillis(3));
      self.scan(Duration.ofMillis(5));
      assertThat(registry.get("vhostwatch.cycle").timer().count()).isEqualTo(1);
      assertThat(registry.get("vhostwatch.lag").timer().count()).isEqualTo(1);
      assertThat(registry.get("vhostwatch.scan").timer().count()).isEqualTo(1);
      assertThat(registry.get("vhostwatch.lines.dropped").counter().count()).isEqualTo(3);
      assertThat(registry.get("vhostwatch.lines.queued").gauge().value()).isEqualTo(5);
    }
  }

  @Test
  void saysWhatTheAgentCosts() {
    try (SelfMetrics self = new SelfMetrics(registry, queued::get)) {
      self.cycle(Duration.ZERO);
      assertThat(registry.get("process.cpu").functionCounter().count()).isPositive();
      assertThat(registry.get("process.resident.memory").gauge().value())
          .isGreaterThan(1024 * 1024);
      assertThat(registry.find("jvm.memory.used").gauge()).isNotNull();
    }
  }
}
