package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.LookAlike.Outcome;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.report.Samples;

class LookAlikesTest {
  private static final String KERNEL = "6.18.15";

  private final QueueVerdict livelocked = Samples.livelocked(Samples.VQ, 8, 9, "vnet0", 0);

  @Test
  void aLivelockIsNothingElse() {
    List<LookAlike> all = LookAlikes.of(livelocked, around(0, 812, 10), KERNEL);
    assertThat(all).noneMatch(one -> one.outcome() == Outcome.IT_IS_THIS);
    assertThat(outcome(all, "slow_guest")).isEqualTo(Outcome.RULED_OUT);
    assertThat(outcome(all, "saturation")).isEqualTo(Outcome.RULED_OUT);
    assertThat(text(all, "saturation")).contains("stands still", "tx_dropped grew by 812");
    assertThat(outcome(all, "overrun")).isEqualTo(Outcome.RULED_OUT);
    assertThat(outcome(all, "busy_polling")).isEqualTo(Outcome.RULED_OUT);
    assertThat(outcome(all, "tx_spin")).isEqualTo(Outcome.RULED_OUT);
    assertThat(outcome(all, "iotlb")).isEqualTo(Outcome.RULED_OUT);
  }

  @Test
  void whatWasNotMeasuredIsNotRuledOut() {
    List<LookAlike> all = LookAlikes.of(livelocked, Optional.empty(), "");
    for (String id : List.of("cpu_starved", "vmm_in_d_state", "host_paused", "starved_guest")) {
      assertThat(outcome(all, id)).as(id).isEqualTo(Outcome.NOT_RULED_OUT);
    }
    QueueVerdict unread = with(livelocked, Verdict.BUSY, 0);
    assertThat(LookAlikes.of(unread, Optional.empty(), ""))
        .filteredOn(one -> List.of("saturation", "cpu_starved").contains(one.id()))
        .extracting(LookAlike::outcome)
        .containsExactly(Outcome.NOT_RULED_OUT, Outcome.NOT_RULED_OUT);
  }

  @Test
  void trafficMakesABusyWorkerSaturated() {
    List<LookAlike> all =
        LookAlikes.of(with(livelocked, Verdict.BUSY, 0), around(40_000, 0, 10), KERNEL);
    assertThat(outcome(all, "saturation")).isEqualTo(Outcome.IT_IS_THIS);
    assertThat(text(all, "saturation")).contains("grew by 40000 in 5.0 s");
  }

  @Test
  void spinsThatEndAreASlowGuest() {
    List<LookAlike> all =
        LookAlikes.of(with(livelocked, Verdict.SPINNING, 7), around(40, 0, 10), KERNEL);
    assertThat(outcome(all, "slow_guest")).isEqualTo(Outcome.IT_IS_THIS);
    assertThat(text(all, "slow_guest")).contains("6 spins ended by themselves");
  }

  @Test
  void aWorkerThatWaitsForItsCpuIsSlowedDown() {
    assertThat(outcome(LookAlikes.of(livelocked, around(0, 1, 430), KERNEL), "cpu_starved"))
        .isEqualTo(Outcome.NOT_RULED_OUT);
    assertThat(
            outcome(
                LookAlikes.of(with(livelocked, Verdict.STALLED, 0), around(0, 1, 900), KERNEL),
                "cpu_starved"))
        .isEqualTo(Outcome.IT_IS_THIS);
  }

  @Test
  void aStoppedVmmExplainsAStall() {
    Surroundings stopped =
        new Surroundings(
            Samples.VQ,
            1,
            Optional.empty(),
            Optional.of(
                new Surroundings.VmmState(
                    8, 'T', 3, 3, Optional.empty(), 0, List.of(), Optional.empty())),
            List.of(),
            false,
            Optional.empty(),
            List.of());
    List<LookAlike> all =
        LookAlikes.of(with(livelocked, Verdict.STALLED, 0), Optional.of(stopped), KERNEL);
    assertThat(outcome(all, "host_paused")).isEqualTo(Outcome.IT_IS_THIS);
    assertThat(outcome(all, "starved_guest")).isEqualTo(Outcome.IT_IS_THIS);
    assertThat(outcome(all, "vmm_in_d_state")).isEqualTo(Outcome.RULED_OUT);
  }

  @Test
  void aQuietQueueResemblesNothing() {
    QueueVerdict quiet = Samples.healthy(1, 8, 9, "vnet0", 0);
    assertThat(LookAlikes.of(quiet, around(1, 0, 0), KERNEL)).isEmpty();
  }

  @Test
  void oddKernelReleasesProveNothing() {
    QueueVerdict uncaptured =
        new QueueVerdict(
            1,
            2,
            Verdict.SPINNING,
            Confidence.HIGH,
            "",
            List.of(),
            0,
            1,
            1,
            1,
            1,
            null,
            null,
            null,
            null);
    for (String kernel : List.of("", "x", "5", "5.1.0", "99999999999.1", "-")) {
      assertThat(outcome(LookAlikes.of(uncaptured, Optional.empty(), kernel), "cve_2019_3900"))
          .as(kernel)
          .isEqualTo(Outcome.NOT_RULED_OUT);
    }
    assertThat(outcome(LookAlikes.of(uncaptured, Optional.empty(), "5.2-rc1"), "cve_2019_3900"))
        .isEqualTo(Outcome.RULED_OUT);
  }

  private static QueueVerdict with(QueueVerdict from, Verdict verdict, long episodes) {
    return new QueueVerdict(
        from.vq(),
        from.tid(),
        verdict,
        from.confidence(),
        from.summary(),
        from.criteria(),
        from.since(),
        from.cpuShare(),
        episodes,
        from.passes(),
        from.spunNanos(),
        from.worker(),
        from.queue(),
        from.spin(),
        null);
  }

  private static Optional<Surroundings> around(long moved, long dropped, int waited) {
    return Optional.of(
        new Surroundings(
            Samples.VQ,
            5_000_000_000L,
            Optional.of(new Surroundings.Scheduling(3, "3", 0, 0, 0, 500, waited)),
            Optional.empty(),
            List.of(),
            false,
            Optional.of(new Surroundings.TapCounters("vnet0", 5, 9_000, moved, dropped, 0)),
            List.of()));
  }

  private static Outcome outcome(List<LookAlike> all, String id) {
    return one(all, id).outcome();
  }

  private static String text(List<LookAlike> all, String id) {
    return one(all, id).text();
  }

  private static LookAlike one(List<LookAlike> all, String id) {
    return all.stream().filter(one -> one.id().equals(id)).findFirst().orElseThrow();
  }
}
