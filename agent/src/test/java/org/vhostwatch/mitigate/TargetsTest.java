package org.vhostwatch.mitigate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.report.Samples;

class TargetsTest {
  @Test
  void theQueuesOfOneTapAreOneTarget() {
    List<Target> targets =
        Targets.of(
            List.of(
                Samples.healthy(Samples.VQ, 4711, 4720, "vnet0", 0),
                Samples.healthy(Samples.VQ + 64, 4711, 4721, "vnet0", 1)),
            verdict -> "web01");
    assertThat(targets)
        .containsExactly(
            new Target("vnet0", 12, 4026531840L, 4711, "web01", false, "", true, List.of()));
  }

  @Test
  void aPacketThatWaitsIsSaidAndWhatItMeans() {
    List<Target> targets =
        Targets.of(
            List.of(Samples.livelocked(Samples.VQ, 4711, 4720, "vnet0", 2)), verdict -> "web01");
    assertThat(targets).hasSize(1);
    assertThat(targets.get(0).waiting())
        .singleElement()
        .asString()
        .startsWith("a packet of 60366 bytes waits at queue 2")
        .contains("does not end it");
  }
}
