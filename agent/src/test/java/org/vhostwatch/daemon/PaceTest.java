package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Mode;
import org.vhostwatch.report.Samples;

class PaceTest {

  private static final long MINUTE = 60_000_000_000L;

  private static QueueVerdict is(Verdict verdict, long since) {
    return is(verdict, since, null);
  }

  private static QueueVerdict is(Verdict verdict, long since, @Nullable CensusQueue queue) {
    return Samples.verdict(0xffff888000000000L, 7, verdict, since, queue);
  }

  private static Pace of(Verdict verdict, boolean incident, boolean speaks, long now) {
    return Pace.of(Mode.SENTINEL, List.of(is(verdict, MINUTE)), incident, speaks, false, now);
  }

  @Test
  void aHostIsCalmAsLongAsTheSentinelSpeaksAndNothingIsWrong() {
    assertThat(of(Verdict.HEALTHY, false, true, 2 * MINUTE)).isEqualTo(Pace.CALM);
    assertThat(of(Verdict.BUSY, false, true, 2 * MINUTE)).isEqualTo(Pace.CALM);
    assertThat(of(Verdict.HEALTHY, false, false, 2 * MINUTE)).isEqualTo(Pace.ALERT);
    assertThat(of(Verdict.HEALTHY, true, true, 2 * MINUTE)).isEqualTo(Pace.ALERT);
  }

  @Test
  void aStallOfLongAgoIsNoReasonToHurryAndALivelockAlwaysIs() {
    assertThat(of(Verdict.STALLED, false, true, 5 * MINUTE)).isEqualTo(Pace.ALERT);
    assertThat(of(Verdict.STALLED, false, true, 6 * MINUTE)).isEqualTo(Pace.CALM);
    assertThat(of(Verdict.LIVELOCKED, false, true, 60 * MINUTE)).isEqualTo(Pace.ALERT);
    assertThat(of(Verdict.UNKNOWN, false, true, 60 * MINUTE)).isEqualTo(Pace.ALERT);
  }

  @Test
  void anInterfaceThatIsNotBroughtUpIsNoneAfterAMinute() {
    CensusQueue never = Samples.unused(0xffff888000000000L, 7, 7, "tap0");
    List<QueueVerdict> verdicts = List.of(is(Verdict.STALLED, MINUTE, never));
    assertThat(Pace.of(Mode.SENTINEL, verdicts, false, true, false, 2 * MINUTE - 1))
        .isEqualTo(Pace.ALERT);
    assertThat(Pace.of(Mode.SENTINEL, verdicts, false, true, false, 2 * MINUTE))
        .isEqualTo(Pace.CALM);
  }

  @Test
  void onDemandTheSentinelMayBeAway() {
    List<QueueVerdict> healthy = List.of(is(Verdict.HEALTHY, 0));
    assertThat(Pace.of(Mode.ON_DEMAND, healthy, false, false, true, MINUTE))
        .isEqualTo(Pace.ON_DEMAND);
    assertThat(Pace.of(Mode.ON_DEMAND, healthy, false, true, false, MINUTE))
        .isEqualTo(Pace.ON_DEMAND);
    assertThat(Pace.of(Mode.ON_DEMAND, healthy, false, false, false, MINUTE))
        .as("it was wanted and is not there")
        .isEqualTo(Pace.ALERT);
  }
}
