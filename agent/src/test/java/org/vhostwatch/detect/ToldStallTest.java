package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.History.Queue;

/** What a sentinel tells of a queue that stands still, and for how long that holds. */
class ToldStallTest {

  private static final long VQ = 0xffff888012340000L;

  private final History history = new History();
  private final Queue queue = history.queue(VQ, 178, 183);

  @Test
  void aStallStaysOneWhenItsBusyWorkerHasToWaitForItsCpu() {
    queue.does(0, 0, 0.9).sends(9_000, 0.9);
    history.during(1).census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    queue.sends(5_000, 0.5).waitsForItsCpu(0.5);
    for (int second = 0; second < 100; second++) {
      history.during(1);
      assertThat(history.of(queue)).as("after %d s", second).isEqualTo(Verdict.STALLED);
      if (second % 10 == 9) {
        history.census();
      }
    }
  }

  @Test
  void aStallWhoseWorkerIsBusyOutlivesItsSentinelForTwoMinutes() {
    queue.does(0, 0, 0.9).sends(9_000, 0.9);
    history.during(1).census().during(10).census().during(1);
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    history.withoutSentinel();
    for (int second = 0; second < 110; second++) {
      history.during(1).census();
      assertThat(history.of(queue)).as("after %d s", second).isEqualTo(Verdict.STALLED);
    }
    history.during(15).census();
    assertThat(history.of(queue)).as("nobody has watched for long").isEqualTo(Verdict.UNKNOWN);
    history.sentinelRestarts().during(6).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
  }

  @Test
  void aStallThatBecomesASpinIsToldFromIt() {
    queue.does(0, 0, 0.9).sends(9_000, 0.9);
    history.during(1).census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    queue.sends(0, 1).spins();
    history.during(5).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    // It gets no CPU for a while: what was told of it before does not count any more.
    queue.does(0, 0, 0.05).waitsForItsCpu(0.95);
    for (int second = 0; second < 30; second++) {
      history.during(1).census();
      assertThat(history.of(queue)).as("after %d s", second).isEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void aSpinInWhichAStallEndsIsMeasuredByItself() {
    queue.sleeps();
    history.during(1).census().during(10).census().during(60).census().during(1);
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    queue.spins();
    history.during(2);
    assertThat(history.of(queue)).as("a near miss so far").isEqualTo(Verdict.SPINNING);
    history.during(3);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.now() - history.verdict(queue).since()).isLessThan(6_500_000_000L);
  }

  @Test
  void soIsItWhereLooksAreFarApartAndACensusIsTakenInIt() {
    queue.sleeps();
    history.during(1).census().during(10).census().during(60).census().during(1);
    history.calmly(10);
    queue.spins();
    history.during(1).census().during(1);
    assertThat(history.of(queue)).isEqualTo(Verdict.SPINNING);
    history.during(3);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.now() - history.verdict(queue).since()).isLessThan(6_500_000_000L);
  }

  /** As while ftrace is off, which takes seconds to be seen. */
  @Test
  void aProbeThatDoesNotRunTellsOfNoStall() {
    history.during(1).census();
    queue.spins();
    history.during(8).census().during(1);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    queue.does(0, 0, 1);
    for (int second = 0; second < 20; second++) {
      history.during(1).census();
      assertThat(history.of(queue)).as("after %d s", second).isNotEqualTo(Verdict.STALLED);
    }
  }

  @Test
  void whatWasToldOfASleepingWorkerSaysNothingOnceItIsBusy() {
    queue.sends(100, 0);
    history.during(1).census().during(10).census().during(3);
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    history.withoutSentinel();
    queue.sends(100, 0).spins();
    history.during(8).census().during(4);
    assertThat(history.of(queue)).as("nobody has seen what it does").isEqualTo(Verdict.UNKNOWN);
  }

  @Test
  void aToldStallIsNoLivelockWhileTheSentinelRestarts() {
    queue.does(0, 0, 0.95);
    history.during(1).census().during(10).census().during(3);
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    history.withoutSentinel();
    for (int second = 0; second < 20; second++) {
      history.during(1).census();
      assertThat(history.of(queue)).as("after %d s", second).isEqualTo(Verdict.STALLED);
    }
    history.sentinelRestarts();
    history.stays(Verdict.STALLED, queue, 20, "restarted");
  }

  @Test
  void aKickedStallOutlivesItsSentinel() {
    for (double share : new double[] {0, 0.2, 0.9}) {
      History quiet = new History();
      Queue kicked = quiet.queue(VQ, 178, 183);
      kicked.does(0, 0, share);
      if (share > 0.5) {
        kicked.sends(9_000, share);
      }
      quiet.during(1).census().during(10).census().during(4);
      if (share == 0.2) {
        kicked.does(20, 0, share);
        quiet.during(10);
      }
      quiet.kick(kicked);
      quiet.during(1);
      assertThat(quiet.of(kicked)).isEqualTo(Verdict.STALLED);
      quiet.withoutSentinel();
      for (int second = 0; second < 60; second++) {
        quiet.during(1);
        assertThat(quiet.of(kicked)).as("%.1f, %d s", share, second).isEqualTo(Verdict.STALLED);
      }
    }
  }

  @Test
  void aSentinelThatIsGoneDoesNotVouchForTheNext() {
    queue.sleeps();
    history.during(1).census().during(10).census().during(3);
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    history.withoutSentinel();
    queue.does(0, 0, 0.1).waitsForItsCpu(0.85);
    history.during(5).census().during(5).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    history.sentinelRestarts();
    history.stays(Verdict.LIVELOCKED, queue, 20, "after");
  }

  @Test
  void aStallWhoseWorkerIsBusyElsewhereIsOneOnceTheSentinelHasWatched() {
    queue.does(0, 0, 0.95);
    history.withoutSentinel().during(1).census().during(10).census().sentinelRestarts();
    history.during(6).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    assertThat(history.verdict(queue).summary()).contains("busy with other work");
  }

  @Test
  void aSentinelThatIsLateTellsOfNoStall() {
    queue.flows();
    history.during(2).ticksAreLost();
    queue.spins();
    queue.waiting = 1;
    history.census().during(4).census();
    assertThat(history.of(queue)).as("not told that it spins").isNotEqualTo(Verdict.STALLED);
    history.ticksComeAgain().during(1);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void aSentinelThatHasJustBegunTellsOfNoStall() {
    // Others have its CPU: the worker makes no pass in the first seconds of the probes.
    queue.does(0, 0, 0.1).waitsForItsCpu(0.8);
    history.withoutSentinel().during(1).census().during(10).census();
    assertThat(history.of(queue)).as("by censuses alone").isEqualTo(Verdict.LIVELOCKED);
    history.sentinelRestarts();
    history.stays(Verdict.LIVELOCKED, queue, 5, "watched for");
    queue.spins();
    history.stays(Verdict.LIVELOCKED, queue, 10, "spins for");
  }
}
