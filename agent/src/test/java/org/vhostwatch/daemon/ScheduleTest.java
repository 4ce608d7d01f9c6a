package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.Confidence;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;

class ScheduleTest {

  private static final long MINUTE = 60_000_000_000L;
  private static final long VQ = 0xffff888000000000L;

  private final Schedule schedule = new Schedule(TestOptions.of(Path.of("/"), Path.of("/")));

  private static List<QueueVerdict> is(Verdict verdict) {
    return List.of(
        new QueueVerdict(
            VQ, 7, verdict, Confidence.HIGH, "", List.of(), 1, 1, 1, 1, 1, null, null, null, null));
  }

  /** Captures whatever is due in each minute, and returns the minutes. */
  private List<Long> minutes(Verdict verdict, long from, long to) {
    List<Long> minutes = new ArrayList<>();
    for (long minute = from; minute <= to; minute++) {
      if (!schedule.captureDue(is(verdict), Set.of(), minute * MINUTE).isEmpty()) {
        schedule.captured(is(verdict), Set.of(7), minute * MINUTE);
        minutes.add(minute);
      }
    }
    return minutes;
  }

  @Test
  void aQueueThatGoesOnAsBeforeIsCapturedEverMoreRarely() {
    assertThat(minutes(Verdict.SPINNING, 1, 125)).containsExactly(1L, 11L, 31L, 61L, 91L, 121L);
  }

  @Test
  void aPeriodThatChangesCountsFromTheLastCensus() {
    DaemonOptions options = TestOptions.of(Path.of("/"), Path.of("/"));
    schedule.counted(List.of(), MINUTE);
    assertThat(schedule.censusDue(List.of(), true, false, 2 * MINUTE - 1)).isFalse();
    schedule.change(TestOptions.withCensusPeriod(options, Duration.ofSeconds(30)));
    assertThat(schedule.censusDue(List.of(), true, false, MINUTE + MINUTE / 2)).isTrue();
    schedule.change(TestOptions.withCensusPeriod(options, Duration.ofMinutes(5)));
    assertThat(schedule.censusDue(List.of(), true, false, 6 * MINUTE - 1)).isFalse();
    assertThat(schedule.censusDue(List.of(), true, false, 6 * MINUTE)).isTrue();
  }

  @Test
  void oneThatSpinsNowAndThenHasNoCaptureEachTime() {
    for (long minute = 1; minute < 10; minute++) {
      assertThat(minutes(Verdict.SPINNING, minute, minute)).hasSize(minute == 1 ? 1 : 0);
      schedule.recovered(VQ);
    }
  }

  @Test
  void theNextLivelockIsCapturedAtOnce() {
    assertThat(minutes(Verdict.LIVELOCKED, 1, 3)).containsExactly(1L);
    schedule.recovered(VQ);
    assertThat(minutes(Verdict.LIVELOCKED, 4, 6)).containsExactly(4L);
  }

  @Test
  void aLookThatAnIncidentWaitsForComesBeforeItsTimeAndDelaysNothing() {
    assertThat(minutes(Verdict.LIVELOCKED, 1, 1)).containsExactly(1L);
    assertThat(schedule.captureDue(is(Verdict.LIVELOCKED), Set.of(VQ), 2 * MINUTE))
        .containsExactly(7);
    schedule.captured(is(Verdict.LIVELOCKED), Set.of(7), 2 * MINUTE);
    assertThat(minutes(Verdict.LIVELOCKED, 3, 12)).containsExactly(12L);
  }
}
