package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.History.Queue;
import org.vhostwatch.probe.CensusQueue;

/** Livelocks, all that only looks like them, and what comes and goes; stalls: {@link StallTest}. */
class DetectorTest {

  private static final long VQ = 0xffff888012340000L;
  private static final long OTHER_VQ = 0xffff888012350000L;

  private final History history = new History();
  private final Queue queue = history.queue(VQ, 178, 183);

  // The livelock.

  @Test
  void aSpinLongerThanTheConfirmTimeIsALivelock() {
    history.census().during(2);
    queue.spins();
    history.during(2);
    assertThat(history.of(queue)).isEqualTo(Verdict.SPINNING);
    history.during(2);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void itIsSureOnceACaptureAgrees() {
    queue.spins();
    history.census().during(5);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.MEDIUM);
    history.evidence(queue, Duration.ofSeconds(2), 0);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.HIGH);
    assertThat(history.verdict(queue).criteria())
        .extracting(Criterion::outcome)
        .containsOnly(Criterion.Outcome.MET);
  }

  @Test
  void aRetryIsNothingToLookAtAndASpinIs() {
    history.census().during(2);
    history.kick(queue);
    assertThat(history.notable()).as("one retry").isFalse();
    history.frame().during(4);
    assertThat(history.notable()).isFalse();
    queue.spins();
    history.during(Duration.ofMillis(40));
    assertThat(history.notable()).as("40 ms").isFalse();
    history.during(Duration.ofMillis(100));
    assertThat(history.notable()).isTrue();
  }

  @Test
  void aCaptureThatEndsAfterItsVmBringsNoQueueBack() {
    queue.spins();
    history.census().during(5);
    queue.isGone();
    history.during(1);
    assertThat(history.verdicts()).isEmpty();
    history.evidence(queue, Duration.ofSeconds(2), 0);
    assertThat(history.verdicts()).isEmpty();
  }

  @Test
  void aSpinUnderWayWhenTheSentinelComesIsFoundAsSoonAsOneThatBeginsLater() {
    queue.spins();
    history.census().withoutSentinel().during(60).sentinelRestarts().during(2);
    assertThat(history.of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
    history.during(2);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void aSpinThatACensusShowedToBeOverDoesNotGoOnWhenTheSentinelIsLost() {
    queue.spins();
    history.census().during(10);
    queue.flows();
    history.during(1).census().during(1).withoutSentinel();
    assertThat(history.of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void censusesShowHowLongASpinWasUnderWay() {
    queue.spins();
    history.withoutSentinel().census().during(60).census().sentinelRestarts().during(2);
    QueueVerdict verdict = history.verdict(queue);
    assertThat(verdict.verdict()).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.now() - verdict.since()).isGreaterThan(60_000_000_000L);
  }

  @Test
  void aRefillEndsItWithinFourFrames() {
    queue.spins();
    history.census().during(10);
    queue.flows();
    history.during(4).census();
    assertThat(history.of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
    assertThat(history.verdict(queue).episodes()).isEqualTo(1);
    history.during(15);
    assertThat(history.of(queue)).isIn(Verdict.HEALTHY, Verdict.BUSY);
  }

  @Test
  void lostTicksDoNotEndIt() {
    queue.spins();
    history.census().during(5).ticksAreLost();
    for (int second = 0; second < 8; second++) {
      assertThat(history.during(1).of(queue)).as("second %d", second).isEqualTo(Verdict.LIVELOCKED);
    }
    history.ticksComeAgain().during(1);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  /**
   * bpftrace waits for a CPU as well, and then writes all frames that are due, one instant apart.
   */
  @Test
  void framesThatComeTogetherDoNotEndIt() {
    queue.spins();
    history.census().during(10);
    for (int lag = 1; lag < 10; lag++) {
      history.ticksAreLost().during(lag);
      for (int behind = lag; behind > 0; behind--) {
        history.during(Duration.ofMillis(10)).lateFrame(history.now() - behind * 1_000_000_000L);
        assertThat(history.of(queue)).as("%d s late", lag).isEqualTo(Verdict.LIVELOCKED);
      }
    }
  }

  @Test
  void aSilentSentinelKnowsNothing() {
    history.during(3).ticksAreLost().during(15);
    queue.does(0, 0, 0);
    history.during(1);
    assertThat(history.verdicts()).extracting(QueueVerdict::verdict).containsOnly(Verdict.UNKNOWN);
  }

  @Test
  void silenceWhileTheWorkerSpinsOnIsNoEnd() {
    queue.spins();
    history.census().during(5).ticksAreLost().during(40);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    queue.does(8_000, 0, 0.2).waitsForItsCpu(0.6);
    history.during(20);
    assertThat(history.of(queue)).as("others run there too").isEqualTo(Verdict.LIVELOCKED);
    queue.flows();
    history.during(1).census();
    assertThat(history.of(queue))
        .as("a census shows that it moves")
        .isNotEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void aLateCpuSampleOrACpuLimitDoesNotHideIt() {
    queue.does(8_000, 0, 0.2);
    history.census().during(6);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.MEDIUM);
  }

  /**
   * The rate is that of the last second: what counts is what the worker did with the CPU it got.
   */
  @Test
  void aWorkerThatLosesItsCpuToOthersSpinsOn() {
    queue.does(8_000, 0, 1);
    history.census().during(6);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    queue.does(20, 0, 0.02).waitsForItsCpu(0.97);
    for (int second = 0; second < 20; second++) {
      history.during(1);
      assertThat(history.of(queue)).as("after %d s", second).isEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void fewPassesAreALivelockOnceACaptureShowsIt() {
    queue.does(1_000, 0, 0.2);
    history.census().during(6);
    assertThat(history.of(queue)).as("or a guest that kicks").isEqualTo(Verdict.SPINNING);
    history.evidence(queue, Duration.ofSeconds(2), 0);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.MEDIUM);
  }

  @Test
  void aWorkerThatGetsHardlyAnyCpuSpinsNoLess() {
    queue.does(1_000, 0, 0.06).waitsForItsCpu(0.93);
    history.census().during(10);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void aWorkerThatWaitsForItsCpuForSecondsSpinsStill() {
    queue.does(8_000, 0, 0.3).waitsForItsCpu(0.69);
    history.census().during(6);
    queue.does(0, 0, 0.01).waitsForItsCpu(0.98);
    history.during(40);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    queue.flows().waitsForItsCpu(0.39);
    history.during(1).census();
    assertThat(history.of(queue)).as("it moves").isNotEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void aWaitThatIsNotOverYetIsCounted() {
    queue.does(8_000, 0, 0.3).waitsForItsCpu(0.69);
    history.census().during(6);
    queue.does(0, 0, 0).waitsForItsCpu(0).isRunnable();
    for (int i = 0; i < 9; i++) {
      history.during(1);
      assertThat(history.of(queue)).as("after %d s", i + 1).isEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void kicksThatEndWhileTheWorkerWaitsForItsCpuWereNoSpin() {
    queue.does(0, 0, 0.4).waitsForItsCpu(0.5);
    history.census();
    for (int i = 0; i < 30; i++) {
      queue.pass(history.now(), 40, true);
      history.during(Duration.ofMillis(200));
      assertThat(history.of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
    }
    for (int i = 0; i < 12; i++) {
      history.during(1);
      assertThat(history.of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void aWorkerThatGotNoCpuSinceTheLastLookSpinsStill() {
    queue.spins();
    history.census().during(5);
    queue.does(0, 0, 0).isRunnable();
    history.ticksAreLost().during(20);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void aWorkerThatRunsWithoutAPassSpinsNoMoreHoweverRarelyItIsLookedAt() {
    for (double cpu : new double[] {0.3, 0.5, 0.75}) {
      History calm = new History();
      Queue served = calm.queue(VQ, 178, 183);
      served.spins();
      calm.census().during(2);
      served.flows().does(0, 10_000, cpu);
      for (int look = 0; look < 4; look++) {
        calm.calmly(14).workers();
        assertThat(calm.of(served))
            .as("look %d, %s of a CPU", look, cpu)
            .isIn(Verdict.HEALTHY, Verdict.BUSY);
      }
    }
  }

  @Test
  void onACrowdedHostToo() {
    queue.spins();
    history.census().during(2);
    queue.flows().does(0, 10_000, 0.4).waitsForItsCpu(0.4);
    history.during(4);
    for (int second = 4; second < 60; second++) {
      history.during(1);
      assertThat(history.of(queue)).as("after %d s", second).isIn(Verdict.HEALTHY, Verdict.BUSY);
    }
  }

  @Test
  void aLivelockThatEndedWithTheBackendDoesNotComeBackByItself() {
    queue.spins();
    history.census().during(2).evidence(queue, Duration.ofSeconds(2), 0);
    history.during(6);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    queue.sleeps().backend = CensusQueue.Backend.NONE;
    history.during(4).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.HEALTHY);
    // Too little to tell that it runs without a pass: that the tap was away has to serve.
    queue.flows().does(0, 1_000, 0.02).backend = CensusQueue.Backend.TUN;
    for (int look = 0; look < 4; look++) {
      history.calmly(14).workers();
      assertThat(history.of(queue)).as("look %d", look).isEqualTo(Verdict.HEALTHY);
    }
  }

  /** The script takes the pass after such a wait for the first of another episode. */
  @Test
  void aSpinThatIsResumedAfterALongWaitForTheCpuIsTheSame() {
    queue.spins();
    history.census().during(5);
    for (int wait = 4; wait < 50; wait += 9) {
      queue.does(0, 0, 0).waitsForItsCpu(0).isRunnable();
      for (int second = 0; second < wait; second++) {
        history.during(1);
        assertThat(history.of(queue)).as("waits %d s", second).isEqualTo(Verdict.LIVELOCKED);
      }
      queue.hasWaited(wait * 1_000_000_000L).does(8_000, 0, 0.2).waitsForItsCpu(0.79);
      for (int second = 0; second < 4; second++) {
        history.during(1);
        assertThat(history.of(queue)).as("runs %d s", second).isEqualTo(Verdict.LIVELOCKED);
      }
    }
    assertThat(history.verdict(queue).episodes()).isGreaterThan(1);
  }

  /**
   * The worker is busy with what the guest sends, and sleeps between the bursts for all we know.
   */
  @Test
  void burstsOfKicksSecondsApartAreNoSpin() {
    history.census();
    for (int i = 0; i < 20; i++) {
      queue.does(1_000, 0, 1);
      history.during(1);
      assertThat(history.of(queue)).as("burst %d", i).isNotEqualTo(Verdict.LIVELOCKED);
      queue.does(0, 0, 1);
      history.during(4);
      assertThat(history.of(queue)).as("after burst %d", i).isNotEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void aWorkerThatOthersKeepFromItsCpuIsNoLessCertain() {
    queue.does(8_000, 0, 0.2).waitsForItsCpu(0.79);
    history.census().during(6).evidence(queue, Duration.ofSeconds(2), 0);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.HIGH);
    assertThat(history.verdict(queue).criteria().get(9).text())
        .isEqualTo(
            "the worker uses 20 % of a CPU (at least 50) and waits for one 79 % of the time");
  }

  @Test
  void withoutBtfItIsToldByTheSignalsThatDoNotCome() {
    queue.spins();
    history.withoutBtf().during(6);
    assertThat(history.of(queue)).as("dropped packets look alike").isEqualTo(Verdict.SPINNING);
    history.evidence(queue, Duration.ofSeconds(2), 0);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.verdict(queue).confidence()).as("or TX").isEqualTo(Confidence.MEDIUM);
    assertThat(history.verdict(queue).criteria())
        .anySatisfy(
            criterion -> {
              assertThat(criterion.id()).isEqualTo("roll_back");
              assertThat(criterion.outcome()).isEqualTo(Criterion.Outcome.NOT_MEASURABLE);
            });
  }

  @Test
  void indicesMayWrapWithinAPass() {
    queue.avail = 4;
    queue.last = 4;
    queue.used = 65_531;
    queue.back = 9;
    queue.spins();
    history.census().during(6);
    QueueVerdict verdict = history.verdict(queue);
    assertThat(verdict.verdict()).isEqualTo(Verdict.LIVELOCKED);
    assertThat(verdict.criteria())
        .anySatisfy(criterion -> assertThat(criterion.text()).contains("last_avail_idx 65531"));
  }

  @Test
  void withoutProbesTwoCensusesAndTheCpuTimeAreALivelock() {
    queue.spins();
    history.withoutSentinel().during(1).census().during(5).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.MEDIUM);
  }

  @Test
  void onlyTheQueueThatSpinsIsFlagged() {
    Queue healthy = history.queue(OTHER_VQ, 200, 205).flows();
    queue.spins();
    history.census().during(6).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.of(healthy)).isEqualTo(Verdict.BUSY);
    assertThat(history.verdicts().get(0).vq()).as("worst first").isEqualTo(VQ);
  }

  @Test
  void twoQueuesOfOneWorkerHaveTheirOwnVerdicts() {
    Queue second = history.queue(OTHER_VQ, 178, 183).flows();
    queue.spins();
    history.census().during(6).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.of(second)).isNotEqualTo(Verdict.LIVELOCKED);
  }

  // What only looks like it.

  @Test
  void aSlowGuestSpinsButIsNoLivelock() {
    queue.isSlow();
    history.census();
    for (int second = 0; second < 30; second++) {
      assertThat(history.during(1).of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
    }
    assertThat(history.of(queue)).isEqualTo(Verdict.SPINNING);
    assertThat(history.verdict(queue).episodes()).isGreaterThan(500);
  }

  @Test
  void oneDeliveryASecondIsProgress() {
    queue.does(40_000, 1, 1);
    history.census();
    for (int second = 0; second < 30; second++) {
      assertThat(history.during(1).of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void aHealthyFloodIsBusy() {
    queue.flows();
    history.census().during(20).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.BUSY);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.HIGH);
  }

  @Test
  void anIdleQueueIsHealthy() {
    queue.waiting = 0;
    history.census().during(20).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.HEALTHY);
  }

  @Test
  void anOverrunReceivesAndSoIsNoLivelock() {
    // No mergeable buffers, frames larger than one: truncated and dropped, a roll-back for each.
    history.withoutBtf();
    queue.mergeable = false;
    queue.back = 1;
    queue.does(5_000, 0, 0.45);
    history.census().during(2).evidence(queue, Duration.ofSeconds(1), 5_000);
    for (int second = 0; second < 10; second++) {
      assertThat(history.during(1).of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void aStormOfKicksIsNoLivelock() {
    queue.waiting = 0;
    queue.does(0, 0, 0.9);
    history.census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.BUSY);
  }

  @Test
  void aStarvedGuestThatKicksAThousandTimesASecondIsNoLivelock() {
    // On a fixed kernel each kick is one pass, and the worker sleeps until the next.
    queue.does(1_000, 0, 0.3).waitsForItsCpu(0.1);
    history.census();
    for (int second = 0; second < 20; second++) {
      history.during(1);
      assertThat(history.of(queue)).as("after %d s", second).isNotEqualTo(Verdict.LIVELOCKED);
    }
    assertThat(history.of(queue)).isEqualTo(Verdict.SPINNING);
  }

  @Test
  void aFewRetriesASecondAreNoSpin() {
    queue.does(20, 0, 0.01);
    history.census().during(20);
    assertThat(history.of(queue)).isNotIn(Verdict.LIVELOCKED, Verdict.SPINNING);
  }

  /** A second of passes, and then kicks of a starved guest: an episode, but no spin any more. */
  @Test
  void kicksAfterABurstAreNoLivelock() {
    History history = new History();
    Queue queue = history.queue(0x1000, 178, 183);
    history.census();
    queue.does(8_000, 0, 1);
    history.during(1);
    queue.sleeps();
    history.during(1);
    queue.does(9, 0, 0.01);
    for (int second = 0; second < 10; second++) {
      history.during(1).census();
      assertThat(history.of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void twoKicksOfAStarvedGuestAreNoSpin() {
    // On a fixed kernel each kick is one pass; two of them make no rate.
    queue.sleeps();
    history.census().during(20).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    history.during(Duration.ofMillis(500));
    queue.pass(history.now(), 1, true);
    queue.pass(history.now() + 1_000_000, 1, true);
    history.during(Duration.ofMillis(500));
    assertThat(history.of(queue)).isNotIn(Verdict.LIVELOCKED, Verdict.SPINNING);
  }

  @Test
  void aGuestThatRefillsWithAKickForEachBufferIsNoLivelock() {
    // Stalled for long, then thirty kicks in a hundredth of a second before the packet fits.
    queue.sleeps();
    history.census().during(20).census().during(Duration.ofMillis(900));
    for (int kick = 0; kick < 30; kick++) {
      queue.pass(history.now() + kick * 1_000_000L, 1, true);
    }
    history.during(Duration.ofMillis(100));
    assertThat(history.of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void contradictingEvidenceWins() {
    queue.spins();
    history.census().during(5).evidence(queue, Duration.ofSeconds(2), 17);
    assertThat(history.of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void packetsOfSeveralLengthsAreNoLivelock() {
    queue.spins();
    history.census().during(5).evidence(queue, Duration.ofSeconds(2), 0, 60_366, 90);
    assertThat(history.of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void evidenceOfAnEarlierSpinSaysNothingOfThisOne() {
    queue.isSlow();
    history.census().during(5).evidence(queue, Duration.ofSeconds(2), 100);
    queue.flows();
    history.during(5);
    queue.waiting = 1;
    queue.spins();
    history.during(5);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.MEDIUM);
  }

  @Test
  void evidenceThatBeganBeforeTheSpinDoesNotSpeakAgainstIt() {
    queue.isSlow();
    history.census().during(4);
    queue.spins();
    // The capture saw the slow guest receive, and then the beginning of the livelock.
    history.during(1).evidence(queue, Duration.ofSeconds(3), 100);
    history.during(10);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void aGuestWhoseDriverCameUpAfterTheCensusIsLivelockedAsSoonAsAnyOther() {
    queue.mergeable = false;
    queue.waiting = 0;
    history.census().during(20);
    queue.mergeable = true;
    queue.waiting = 1;
    queue.spins();
    history.during(5);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void onAFixedKernelKicksAtAnyRateAreNoLivelock() {
    history.onFixedKernel();
    queue.does(20_000, 0, 0.9);
    history.census();
    for (int second = 0; second < 20; second++) {
      assertThat(history.during(1).of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
    }
    assertThat(history.of(queue)).isEqualTo(Verdict.SPINNING);
  }

  @Test
  void aKernelThatHasTheBugAllTheSameIsFoundByACapture() {
    history.onFixedKernel();
    queue.spins();
    history.census().during(5);
    assertThat(history.of(queue)).isEqualTo(Verdict.SPINNING);
    history.evidence(queue, Duration.ofSeconds(2), 0);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void aQueueWithoutMergeableBuffersDropsPacketsAndIsNotLivelocked() {
    history.withoutBtf();
    queue.mergeable = false;
    queue.spins();
    history.census().during(10);
    assertThat(history.of(queue)).isNotEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void aNearMissIsCountedAndForgotten() {
    history.census().during(2);
    queue.spins();
    history.during(Duration.ofMillis(1_500));
    queue.flows();
    history.during(Duration.ofMillis(10_500)).census();
    QueueVerdict verdict = history.verdict(queue);
    assertThat(verdict.verdict()).isIn(Verdict.HEALTHY, Verdict.BUSY);
    assertThat(verdict.episodes()).isEqualTo(1);
    assertThat(verdict.spunNanos()).isBetween(1_400_000_000L, 1_500_000_000L);
  }

  // What comes and goes.

  @Test
  void aRestartOfTheSentinelLosesNoTotals() {
    queue.spins();
    history.during(5);
    long passes = history.verdict(queue).passes();
    long spun = history.verdict(queue).spunNanos();
    queue.flows();
    history.during(3).sentinelRestarts();
    queue.waiting = 1;
    queue.spins();
    for (int second = 0; second < 4; second++) {
      QueueVerdict verdict = history.during(1).verdict(queue);
      assertThat(verdict.passes()).isGreaterThan(passes);
      assertThat(verdict.spunNanos()).isGreaterThanOrEqualTo(spun);
      passes = verdict.passes();
      spun = verdict.spunNanos();
    }
    assertThat(history.verdict(queue).episodes()).isEqualTo(2);
  }

  @Test
  void aQueueEndsWithItsWorker() {
    queue.spins();
    history.census().during(5);
    queue.isGone();
    history.during(1);
    history.during(1);
    assertThat(history.find(queue)).isEmpty();
    assertThat(history.during(5).census().find(queue)).as("maps still hold it").isEmpty();
  }

  @Test
  void withoutCensusAQueueEndsWithItsWorkerToo() {
    queue.spins();
    history.withoutBtf().during(5);
    queue.isGone();
    history.during(4);
    assertThat(history.find(queue)).isEmpty();
  }

  @Test
  void aThreadIdGivenAgainIsAnotherWorker() {
    queue.spins();
    history.withoutBtf().during(5);
    queue.sleeps();
    queue.startTicks = 99_999;
    history.during(3);
    assertThat(history.find(queue)).isEmpty();
    assertThat(history.verdicts())
        .extracting(QueueVerdict::tid, QueueVerdict::verdict)
        .containsExactly(org.assertj.core.groups.Tuple.tuple(183, Verdict.UNKNOWN));
  }

  @Test
  void anAddressGivenAgainIsAnotherQueue() {
    queue.spins();
    history.census().during(60);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    // The VM ends; its queue's memory becomes that of another VM's at once. The maps stay.
    queue.pid = 900;
    queue.tid = 905;
    queue.startTicks = 77_000;
    queue.used = 0;
    queue.flows();
    history.census();
    for (int second = 0; second < 20; second++) {
      QueueVerdict verdict = history.during(1).census().verdict(queue);
      assertThat(verdict.verdict()).as("second %d", second).isIn(Verdict.HEALTHY, Verdict.BUSY);
      assertThat(verdict.episodes()).as("second %d", second).isZero();
      assertThat(verdict.evidence()).isNull();
    }
    queue.waiting = 1;
    queue.spins();
    history.during(2);
    assertThat(history.verdict(queue).episodes()).isEqualTo(1);
    assertThat(history.verdict(queue).spunNanos()).isLessThan(3_000_000_000L);
  }

  @Test
  void aSpinningQueueThatACensusMissedIsNotGone() {
    queue.spins();
    history.census().during(5);
    history.see(
        new Observation.Queues(new org.vhostwatch.probe.Census(List.of(), 0), Long.MAX_VALUE));
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void whereOnlyProcIsReadNothingIsSaid() {
    queue.spins();
    history.withoutSentinel().during(10);
    assertThat(history.verdicts())
        .singleElement()
        .satisfies(
            verdict -> {
              assertThat(verdict.verdict()).isEqualTo(Verdict.UNKNOWN);
              assertThat(verdict.confidence()).isEqualTo(Confidence.LOW);
              assertThat(verdict.tid()).isEqualTo(183);
              assertThat(verdict.summary()).contains("100 % CPU");
            });
  }

  @Test
  void nothingSeenIsNothingSaid() {
    assertThat(new Detector(Settings.DEFAULT).judge(HostState.EMPTY, 0)).isEmpty();
  }
}
