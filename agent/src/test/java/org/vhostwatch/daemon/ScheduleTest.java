package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.Confidence;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.SpinCounters;
import org.vhostwatch.report.Samples;

class ScheduleTest {

  private static final long SECOND = 1_000_000_000L;
  private static final long MINUTE = 60_000_000_000L;
  private static final long VQ = 0xffff888000000000L;

  private final Schedule schedule = new Schedule(TestOptions.of(Path.of("/"), Path.of("/")));

  private static List<QueueVerdict> is(Verdict verdict) {
    return is(verdict, null);
  }

  private static List<QueueVerdict> is(Verdict verdict, @Nullable SpinCounters spin) {
    return List.of(
        new QueueVerdict(
            VQ, 7, verdict, Confidence.HIGH, "", List.of(), 1, 1, 1, 1, 1, null, null, spin, null));
  }

  /** Captures whatever is due in each minute, and returns the minutes. */
  private List<Long> minutes(Verdict verdict, long from, long to) {
    List<Long> minutes = new ArrayList<>();
    for (long minute = from; minute <= to; minute++) {
      if (!schedule.captureDue(is(verdict), Set.of(), minute * MINUTE).isEmpty()) {
        schedule.captured(is(verdict), List.of(), Set.of(7), minute * MINUTE);
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
  void passesOfWhichNobodyTellsWhatTheyAreWantACensus() {
    SpinCounters spin = Samples.spin(VQ, 7, true);
    QueueVerdict untold =
        new QueueVerdict(
            VQ,
            7,
            Verdict.UNKNOWN,
            Confidence.LOW,
            "",
            List.of(),
            0,
            1,
            1,
            1,
            1,
            null,
            Samples.queue(VQ, 7, 7, "tap0", 0, 1),
            spin,
            null);
    schedule.counted(List.of(), spin.seen() - 9 * SECOND);
    assertThat(schedule.censusDue(List.of(untold), true, false, spin.seen())).isFalse();
    assertThat(schedule.censusDue(List.of(untold), true, false, spin.seen() + SECOND)).isTrue();
    assertThat(schedule.censusDue(List.of(untold), true, false, spin.seen() + 6 * SECOND))
        .as("no pass for long")
        .isFalse();
  }

  @Test
  void censusesThatFailComeEverMoreRarely() {
    List<QueueVerdict> nameless = is(Verdict.SPINNING, Samples.spin(VQ, 7, true));
    List<Long> seconds = new ArrayList<>();
    for (long second = 1; second <= 200; second++) {
      if (schedule.censusDue(nameless, true, false, second * SECOND)) {
        schedule.uncounted(nameless, second * SECOND);
        seconds.add(second);
      }
    }
    assertThat(seconds).containsExactly(1L, 5L, 13L, 29L, 61L, 121L, 181L);
    schedule.counted(nameless, 200 * SECOND);
    assertThat(schedule.censusDue(nameless, true, false, 202 * SECOND)).isTrue();
  }

  @Test
  void capturesThatShowNothingComeEverMoreRarely() {
    List<Long> seconds = new ArrayList<>();
    for (long second = 60; second <= 400; second++) {
      if (!schedule.captureDue(is(Verdict.LIVELOCKED), Set.of(), second * SECOND).isEmpty()) {
        schedule.captured(is(Verdict.LIVELOCKED), List.of(), Set.of(7), second * SECOND);
        schedule.captureEnded(false, false, second * SECOND);
        seconds.add(second);
      }
    }
    assertThat(seconds).containsExactly(60L, 70L, 90L, 130L, 210L, 370L);
    schedule.recovered(VQ);
    assertThat(schedule.captureDue(is(Verdict.LIVELOCKED), Set.of(), 401 * SECOND))
        .containsExactly(7);
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
  void aQueueThatLivelocksAgainAndAgainIsCapturedEverMoreRarely() {
    List<Long> seconds = new ArrayList<>();
    for (long second = 10; second <= 4_000; second += 10) {
      // Each flap: over, and there again.
      schedule.recovered(VQ);
      if (!schedule.captureDue(is(Verdict.LIVELOCKED), Set.of(), second * SECOND).isEmpty()) {
        schedule.captured(is(Verdict.LIVELOCKED), List.of(), Set.of(7), second * SECOND);
        schedule.captureEnded(true, false, second * SECOND);
        seconds.add(second);
      }
    }
    assertThat(seconds).containsExactly(10L, 20L, 50L, 110L, 230L, 470L, 950L, 1550L, 2510L, 3710L);
    // After half an hour without one it is news.
    long later = seconds.get(9) + 1_800;
    assertThat(schedule.captureDue(is(Verdict.LIVELOCKED), Set.of(), later * SECOND)).isNotEmpty();
    schedule.captured(is(Verdict.LIVELOCKED), List.of(), Set.of(7), later * SECOND);
    schedule.recovered(VQ);
    assertThat(schedule.captureDue(is(Verdict.LIVELOCKED), Set.of(), (later + 1) * SECOND))
        .isNotEmpty();
  }

  @Test
  void theQueueOfAnotherVmAtTheSameAddressIsCapturedAtOnce() {
    for (long second = 10; second <= 100; second += 10) {
      assertThat(schedule.captureDue(is(Verdict.LIVELOCKED), Set.of(), second * SECOND))
          .isNotEmpty();
      schedule.captured(is(Verdict.LIVELOCKED), List.of(), Set.of(7), second * SECOND);
      schedule.gone(VQ);
    }
  }

  @Test
  void whatIsSaidByACaptureThatBeganBeforeALongSpinIsSoonTakenAgain() {
    schedule.captured(is(Verdict.SPINNING), List.of(), Set.of(7), 100 * SECOND);
    List<QueueVerdict> since102 = since(Verdict.SPINNING, 102 * SECOND);
    assertThat(schedule.captureDue(since102, Set.of(), 129 * SECOND)).isEmpty();
    assertThat(schedule.captureDue(since102, Set.of(), 130 * SECOND)).containsExactly(7);
    assertThat(schedule.captureDue(since(Verdict.SPINNING, 128 * SECOND), Set.of(), 131 * SECOND))
        .as("a short one")
        .isEmpty();
    schedule.captured(since102, List.of(), Set.of(7), 130 * SECOND);
    assertThat(schedule.captureDue(since102, Set.of(), 600 * SECOND)).as("once").isEmpty();
  }

  @Test
  void longSpinsOneAfterTheOtherAreCapturedEverMoreRarely() {
    List<Long> seconds = new ArrayList<>();
    for (long second = 10; second <= 3_000; second += 10) {
      List<QueueVerdict> spinning = since(Verdict.SPINNING, (second - 5) * SECOND);
      if (!schedule.captureDue(spinning, Set.of(), second * SECOND).isEmpty()) {
        schedule.captured(spinning, List.of(), Set.of(7), second * SECOND);
        schedule.captureEnded(true, false, second * SECOND);
        seconds.add(second);
      }
    }
    assertThat(seconds).containsExactly(10L, 40L, 100L, 220L, 460L, 940L, 1540L, 2500L);
  }

  @Test
  void aCaptureThatFailedIsNoCaptureOfTheTrafficBefore() {
    List<Long> seconds = new ArrayList<>();
    List<QueueVerdict> spinning = since(Verdict.SPINNING, 59 * SECOND);
    for (long second = 60; second <= 400; second++) {
      if (!schedule.captureDue(spinning, Set.of(), second * SECOND).isEmpty()) {
        schedule.captured(spinning, List.of(), Set.of(7), second * SECOND);
        schedule.captureEnded(false, false, second * SECOND);
        seconds.add(second);
      }
    }
    assertThat(seconds).containsExactly(60L, 70L, 90L, 130L, 210L, 370L);
  }

  @Test
  void onlyAPacketThatMayNotFitIsLookedAtAgainBeforeTheNextCensus() {
    // 2 buffers more than 65,530 have been posted: 8 in all, for 60,366 bytes.
    List<QueueVerdict> tight = since(Verdict.HEALTHY, 0, Samples.queue(VQ, 7, 7, "tap0", 0, 1));
    schedule.counted(tight, MINUTE);
    assertThat(schedule.censusDue(tight, true, false, MINUTE + 4 * SECOND)).isTrue();
    schedule.counted(tight, MINUTE + 4 * SECOND);
    assertThat(schedule.censusDue(tight, true, false, MINUTE + 8 * SECOND)).as("once").isFalse();
    List<QueueVerdict> busy = since(Verdict.HEALTHY, 0, Samples.queue(VQ, 7, 7, "tap0", 0, 1, 250));
    schedule.counted(busy, 2 * MINUTE);
    assertThat(schedule.censusDue(busy, true, false, 2 * MINUTE + 4 * SECOND)).isFalse();
    assertThat(schedule.censusDue(busy, true, false, 3 * MINUTE)).isTrue();
  }

  @Test
  void theEndOfAStallOfLongAgoIsSeenWithinAMinuteHoweverRareCensusesAre() {
    DaemonOptions options = TestOptions.of(Path.of("/"), Path.of("/"));
    schedule.change(TestOptions.withCensusPeriod(options, Duration.ofHours(1)));
    List<QueueVerdict> stalled = since(Verdict.STALLED, SECOND);
    schedule.counted(stalled, 600 * SECOND);
    assertThat(schedule.censusDue(stalled, true, false, 659 * SECOND)).isFalse();
    assertThat(schedule.censusDue(stalled, true, false, 660 * SECOND)).isTrue();
    assertThat(schedule.censusDue(List.of(), true, false, 660 * SECOND)).isFalse();
  }

  @Test
  void aStallOfLongAgoIsLookedAfterInEachPeriodAndNoMore() {
    List<Long> seconds = new ArrayList<>();
    schedule.counted(List.of(), 0);
    for (long second = 1; second <= 480; second++) {
      List<QueueVerdict> stalled =
          since(Verdict.STALLED, SECOND, Samples.queue(VQ, 7, 7, "tap0", 0, 1));
      if (schedule.censusDue(stalled, true, false, second * SECOND)) {
        schedule.counted(stalled, second * SECOND);
        seconds.add(second);
      }
    }
    assertThat(seconds.stream().filter(second -> second <= 300)).hasSizeGreaterThan(29);
    assertThat(seconds.stream().filter(second -> second > 310)).containsExactly(360L, 420L, 480L);
  }

  private static List<QueueVerdict> since(Verdict verdict, long since) {
    return since(verdict, since, null);
  }

  private static List<QueueVerdict> since(
      Verdict verdict, long since, @Nullable CensusQueue queue) {
    return List.of(Samples.verdict(VQ, 7, verdict, since, queue));
  }

  @Test
  void aLookThatAnIncidentWaitsForComesBeforeItsTimeAndDelaysNothing() {
    assertThat(minutes(Verdict.LIVELOCKED, 1, 1)).containsExactly(1L);
    assertThat(schedule.captureDue(is(Verdict.LIVELOCKED), Set.of(VQ), 2 * MINUTE))
        .containsExactly(7);
    schedule.captured(is(Verdict.LIVELOCKED), List.of(), Set.of(7), 2 * MINUTE);
    assertThat(minutes(Verdict.LIVELOCKED, 3, 12)).containsExactly(12L);
  }

  @Test
  void aWorkerThatNothingAccountsForIsCapturedEverMoreRarely() {
    List<UnexplainedWorker> found = List.of(Samples.unexplained(Samples.worker(7, 7, 1)));
    List<Long> minutes = new ArrayList<>();
    for (long minute = 1; minute <= 125; minute++) {
      Set<Integer> due = schedule.stacksDue(found, 16, minute * MINUTE);
      if (!due.isEmpty()) {
        schedule.captured(List.of(), found, due, minute * MINUTE);
        minutes.add(minute);
      }
    }
    assertThat(minutes).containsExactly(1L, 11L, 31L, 61L, 91L, 121L);
  }

  @Test
  void workersInExcessWaitForTheNextCapture() {
    List<UnexplainedWorker> found = new ArrayList<>();
    for (int tid = 1; tid <= 20; tid++) {
      found.add(Samples.unexplained(Samples.worker(tid, 7, 1)));
    }
    Set<Integer> first = schedule.stacksDue(found, 16, MINUTE);
    assertThat(first).hasSize(16);
    schedule.captured(List.of(), found, first, MINUTE);
    assertThat(schedule.stacksDue(found, 16, MINUTE + 1)).containsExactly(17, 18, 19, 20);
  }

  @Test
  void aCaptureThatDoesNotTellWhereAWorkerIsIsTriedAgain() {
    List<UnexplainedWorker> found = List.of(Samples.unexplained(Samples.worker(7, 7, 1)));
    schedule.captured(List.of(), found, Set.of(7), MINUTE);
    schedule.captureEnded(false, true, MINUTE + 1);
    assertThat(schedule.stacksDue(found, 16, 2 * MINUTE)).isEmpty();
    schedule.captureEnded(false, false, MINUTE + 1);
    assertThat(schedule.stacksDue(found, 16, MINUTE + 2)).isEmpty();
    assertThat(schedule.stacksDue(found, 16, 2 * MINUTE)).containsExactly(7);
  }

  @Test
  void aLivelockOfAWorkerThatWasCapturedForAnotherCauseIsCapturedAtOnce() {
    List<UnexplainedWorker> found = List.of(Samples.unexplained(Samples.worker(7, 7, 1)));
    schedule.captured(is(Verdict.BUSY), found, Set.of(7), MINUTE);
    assertThat(schedule.captureDue(is(Verdict.LIVELOCKED), Set.of(), 2 * MINUTE))
        .containsExactly(7);
  }
}
