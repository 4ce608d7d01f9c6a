package org.vhostwatch.mitigate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.probe.CensusAssembler;
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
            new Target("vnet0", 12, 4026531840L, 4711, "web01", false, "", true, true, List.of()));
  }

  @Test
  void aTapIsAttachedIfOneOfItsQueuesIs() {
    assertThat(attached(1, 0)).isTrue();
    assertThat(attached(0, 1)).isTrue();
    assertThat(attached(0, 0)).isFalse();
  }

  private static boolean attached(int first, int second) {
    List<Target> targets =
        Targets.of(
            census(
                queue(5, first, "vnet0"),
                queue(6, second, "vnet0"),
                tapFile(3, 1, "vnet0"),
                tapFile(4, 1, "vnet0")),
            verdict -> "web01");
    assertThat(targets).hasSize(1);
    return targets.get(0).attached();
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

  @Test
  void aMacvtapIsOneWhetherOrNotItsGuestIsUp() {
    for (int backend : List.of(2, 0)) {
      List<Target> targets =
          Targets.of(
              census(queue(5, backend, "macvtap0"), tapFile(3, 2, "macvtap0")), verdict -> "web01");
      assertThat(targets).hasSize(1);
      assertThat(targets.get(0).macvtap()).isTrue();
      assertThat(targets.get(0).lower()).isEqualTo("eno1");
    }
  }

  @Test
  void queuesWhoseTapIsNotKnownAreSaidToBeLeftOut() {
    List<QueueVerdict> queues =
        census(queue(5, 0, ""), queue(6, 0, ""), queue(7, 1, "vnet0"), queue(8, 0, ""));
    assertThat(Targets.leftOut(queues, verdict -> verdict.tid() == 188 ? "" : "web01"))
        .containsExactly(
            "1 queue of a VM without a known name has no known tap now: run it again when the guest"
                + " is up",
            "2 queues of VM web01 have no known tap now: run it again when the guest is up");
    assertThat(Targets.of(queues, verdict -> "web01")).hasSize(1);
    assertThat(Targets.leftOut(census(queue(7, 1, "vnet0")), verdict -> "web01")).isEmpty();
  }

  private static List<QueueVerdict> census(String... lines) {
    CensusAssembler assembler = new CensusAssembler();
    List.of(lines).forEach(assembler::accept);
    return assembler.finish().queues().stream()
        .map(queue -> Samples.verdict(queue.vq(), queue.workerTid(), Verdict.HEALTHY, 0, queue))
        .toList();
  }

  /** A queue as the census tells of it: of one without a backend it knows no tap. */
  private static String queue(int fd, int backend, String tap) {
    return "queue vq=%d pid=178 fd=%d owner=178 worker=%d num=256 avail=0 last=0 used=0 txlast=0"
            .formatted(1000 + fd, fd, 180 + fd)
        + " features=0 busyloop=0 head=0 tail=0 packet=0 bytes=0"
        + (backend == 0 ? end(0, 0, "") : end(backend, 7, tap));
  }

  private static String tapFile(int fd, int backend, String tap) {
    return "tapfile pid=178 fd=" + fd + end(backend, 7, tap);
  }

  private static String end(int backend, int ifindex, String tap) {
    return " backend=%d attached=1 index=0 ifindex=%d netns=%d master=%s tap=%s"
        .formatted(
            backend, ifindex, ifindex == 0 ? 0 : 4026531840L, backend == 2 ? "eno1" : "", tap);
  }
}
