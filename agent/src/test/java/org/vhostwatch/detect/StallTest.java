package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.History.Queue;
import org.vhostwatch.probe.CensusQueue;

/** Queues that stand still while their workers sleep. */
class StallTest {

  private static final long VQ = 0xffff888012340000L;

  private final History history = new History();
  private final Queue queue = history.queue(VQ, 178, 183);

  @Test
  void aWaitingPacketThatNothingMovesIsAStall() {
    queue.sleeps();
    history.census().during(10).census();
    QueueVerdict verdict = history.verdict(queue);
    assertThat(verdict.verdict()).isEqualTo(Verdict.STALLED);
    assertThat(verdict.confidence()).isEqualTo(Confidence.HIGH);
    assertThat(verdict.summary()).contains("60366 bytes", "the worker sleeps");
  }

  @Test
  void withoutBuffersItIsLessSure() {
    queue.avail = queue.used;
    history.census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.MEDIUM);
  }

  @Test
  void withoutProbesItIsLessSure() {
    history.withoutSentinel().during(1).census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.MEDIUM);
  }

  @Test
  void aLivelockWhoseWorkerIsPutOffItsCpuIsNoStall() {
    for (int wait = 4; wait <= 30; wait++) {
      // Others take its CPU at once, or after it had to wait for a moment.
      for (long counted : new long[] {0, 1_000}) {
        for (int ran : new int[] {20, 500}) {
          History crowded = new History();
          Queue spinning = crowded.queue(VQ, 178, 183);
          spinning.spins();
          crowded.during(1).census().during(10).census();
          assertThat(crowded.of(spinning)).isEqualTo(Verdict.LIVELOCKED);
          crowded.during(Duration.ofMillis(ran));
          spinning.does(0, 0, 0).hasWaited(counted).isRunnable();
          crowded.unseen(wait).workers().frame().census();
          assertThat(crowded.of(spinning))
              .as("off for %d s after %d ms, %d ns counted", wait, ran, counted)
              .isEqualTo(Verdict.LIVELOCKED);
          spinning.hasWaited(wait * 1_000_000_000L).spins();
          for (int second = 0; second < 5; second++) {
            crowded.during(1).census();
            assertThat(crowded.of(spinning)).as("runs again").isEqualTo(Verdict.LIVELOCKED);
          }
        }
      }
    }
  }

  @Test
  void aStalledGuestThatKicksNowAndThenWhileItsWorkerIsBusyStaysStalled() {
    queue.does(0, 0, 0.9).sends(9_000, 0.9);
    history.during(1).census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    for (int second = 0; second < 30; second++) {
      if (second % 5 == 0) {
        history.kick(queue);
      }
      history.during(1);
      assertThat(history.of(queue)).as("after %d s", second).isEqualTo(Verdict.STALLED);
    }
  }

  @Test
  void aFrameSaidTwiceIsNoEndOfItsKicks() {
    queue.does(5, 0, 0.01);
    history.census().during(5);
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    assertThat(history.frame().of(queue)).isEqualTo(Verdict.STALLED);
    queue.sleeps();
    history.during(1).frame();
    assertThat(history.of(queue)).as("no kick in that second").isNotEqualTo(Verdict.STALLED);
  }

  @Test
  void aStalledGuestStaysStalledHoweverOftenItKicks() {
    for (boolean sending : new boolean[] {false, true}) {
      for (int every = 1; every <= 6; every++) {
        History quiet = new History();
        Queue kicked = quiet.queue(VQ, 178, 183);
        kicked.sleeps();
        if (sending) {
          kicked.does(0, 0, 0.9).sends(9_000, 0.9);
        }
        quiet.during(1).census().during(10).census();
        for (int second = 0; second < 60; second++) {
          if (second % every == 0) {
            quiet.kick(kicked);
          }
          if (second % 10 == 9) {
            quiet.census();
          }
          quiet.during(1);
          assertThat(quiet.of(kicked))
              .as("sends %s, kicked every %d s, after %d s", sending, every, second)
              .isEqualTo(Verdict.STALLED);
        }
      }
    }
  }

  @Test
  void aFrameThatIsAheadOfTheClockIsNotOfNow() {
    queue.spins();
    history.during(1).census().during(10).census();
    // The script slept with the host, and knows nothing of it until it is started anew.
    history.frameAheadBy(Duration.ofHours(8));
    history.withoutSentinel().during(2).sentinelRestarts();
    history.stays(Verdict.LIVELOCKED, queue, 20, "after");
  }

  @Test
  void aWorkerThatNeverSleepsIsNotKicked() {
    // Frames that count little of the time: the host of this host has the CPU, or the worker sends.
    for (double sent : new double[] {0, 20_000}) {
      History crowded = new History();
      Queue spinning = crowded.queue(VQ, 178, 183);
      spinning.does(5_000, 0, 0.95).sends(sent, 0.95).countsOf(0.02);
      crowded.during(1).census().during(10).census();
      for (int second = 0; second < 10; second++) {
        crowded.during(1);
        assertThat(crowded.of(spinning)).as("sent %.0f", sent).isEqualTo(Verdict.LIVELOCKED);
      }
    }
  }

  @Test
  void aSpinOfSlowPassesIsNotKicked() {
    // Hundreds of small buffers a pass, on a slow CPU: no two passes are within 2 ms.
    queue.flows();
    history.during(2).census();
    queue.does(200, 0, 0.98).countsOf(0);
    queue.waiting = 1;
    for (int second = 0; second < 20; second++) {
      history.during(1);
      assertThat(history.of(queue)).as("after %d s", second).isNotEqualTo(Verdict.STALLED);
    }
    assertThat(history.of(queue)).as("no census has told").isEqualTo(Verdict.UNKNOWN);
    // As a guest does that asks in vain for addresses.
    queue.sends(1, 0.98);
    history.census().during(4).census();
    history.stays(Verdict.LIVELOCKED, queue, 20, "told");
  }

  @Test
  void passesThatAreTooFewForASpinAreNoKicksOfABusyWorkerEither() {
    queue.does(60, 0, 0.98).countsOf(0);
    history.during(1).census().during(10).census();
    history.stays(Verdict.UNKNOWN, queue, 20, "after");
  }

  @Test
  void neitherTheBeginningNorTheEndOfALivelockIsAKick() {
    // What /proc says of the worker is an average: it lags behind, at both ends.
    queue.sleeps();
    queue.waiting = 0;
    history.during(2).census();
    queue.does(5_000, 0, 0.2).countsOf(0.02);
    queue.waiting = 1;
    for (int second = 0; second < 10; second++) {
      history.during(1);
      assertThat(history.of(queue)).as("begins").isNotEqualTo(Verdict.STALLED);
    }
    queue.does(5_000, 0, 0.9);
    history.census().during(5);
    // The queue is read, and the spin ends, before the census does.
    Runnable census = history.censusBegins();
    history.during(1);
    queue.sleeps();
    queue.used += 20;
    queue.waiting = 0;
    census.run();
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    for (int second = 0; second < 10; second++) {
      history.during(1);
      assertThat(history.of(queue)).as("ends").isNotEqualTo(Verdict.STALLED);
    }
  }

  @Test
  void aGuestThatPausesItsKicksIsNeverHealthy() {
    history.onFixedKernel();
    queue.does(3_000, 0, 0.4);
    history.during(1).census().during(6).census();
    queue.does(20, 0, 0.01);
    for (int second = 0; second < 60; second++) {
      history.during(1);
      assertThat(history.of(queue)).isIn(Verdict.SPINNING, Verdict.STALLED);
    }
    assertThat(history.of(queue)).as("kicks one by one").isEqualTo(Verdict.STALLED);
  }

  @Test
  void oneCensusIsNoStall() {
    history.census().during(30);
    assertThat(history.of(queue)).isEqualTo(Verdict.HEALTHY);
  }

  @Test
  void twoCensusesTooCloseAreNoStall() {
    history.census().during(2).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.HEALTHY);
  }

  @Test
  void anotherPacketAtTheHeadIsNoStall() {
    history.census().during(10);
    queue.packet += 256;
    history.census();
    assertThat(history.of(queue)).isEqualTo(Verdict.HEALTHY);
  }

  @Test
  void aQueueWithoutBackendNeitherStallsNorWaits() {
    queue.backend = CensusQueue.Backend.NONE;
    history.census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.HEALTHY);
    assertThat(history.verdict(queue).summary()).contains("no backend");
  }

  @Test
  void aStallThatEndsInTrafficWithoutProbesIsNoLivelock() {
    queue.sleeps();
    history.withoutSentinel().during(1).census().during(10).census().during(1);
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    queue.flows();
    for (int second = 0; second < 120; second++) {
      history.during(1);
      assertThat(history.of(queue)).as("after %d s", second).isNotEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void anOldCensusTellsOfNothing() {
    queue.spins();
    history.withoutSentinel().during(1).census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    history.during(Duration.ofSeconds(100));
    assertThat(history.of(queue)).as("it may have ended").isEqualTo(Verdict.UNKNOWN);
    queue.sleeps();
    queue.waiting = 0;
    history.census().during(10);
    assertThat(history.of(queue)).isEqualTo(Verdict.HEALTHY);
    history.during(Duration.ofMinutes(6));
    assertThat(history.of(queue)).isEqualTo(Verdict.UNKNOWN);
  }

  @Test
  void aStallThatNoCensusTellsOfAnyMoreIsNotOver() {
    Queue other = history.queue(0xffff888045670000L, 200, 205);
    other.sleeps();
    other.waiting = 0;
    queue.sleeps();
    history.during(1).census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    assertThat(history.verdict(other).confidence()).isEqualTo(Confidence.HIGH);
    history.during(Duration.ofMinutes(6));
    assertThat(history.of(queue)).isEqualTo(Verdict.UNKNOWN);
    assertThat(history.verdict(queue).summary()).contains("stood still when it was last read");
    assertThat(history.of(other)).as("the sentinel speaks").isEqualTo(Verdict.HEALTHY);
    assertThat(history.verdict(other).confidence()).isEqualTo(Confidence.MEDIUM);
    queue.waiting = 0;
    history.census().during(1);
    assertThat(history.of(queue)).isEqualTo(Verdict.HEALTHY);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.HIGH);
  }

  @Test
  void aLivelockOutlivesItsSentinel() {
    queue.spins();
    history.during(1).census().during(20);
    long since = history.verdict(queue).since();
    history.withoutSentinel();
    queue.does(16_000, 0, 0.4).waitsForItsCpu(0.5);
    history.stays(Verdict.LIVELOCKED, queue, 40, "gone for");
    history.sentinelRestarts();
    for (int second = 0; second < 10; second++) {
      history.during(1);
      assertThat(history.of(queue)).as("back for %d s", second).isEqualTo(Verdict.LIVELOCKED);
      assertThat(history.verdict(queue).since()).isEqualTo(since);
    }
    queue.flows().waitsForItsCpu(0);
    history.during(8);
    assertThat(history.of(queue)).as("it moves").isEqualTo(Verdict.BUSY);
  }

  @Test
  void aStarvedGuestThatKicksNowAndThenIsStalled() {
    queue.does(20, 0, 0.12);
    history.during(1).census().during(10).census();
    history.stays(Verdict.STALLED, queue, 10, "after");
    assertThat(history.verdict(queue).summary()).contains("the guest kicks");
  }

  @Test
  void aLivelockThatEndsIsNoStall() {
    queue.spins();
    history.during(1).census().during(10).census().during(5);
    queue.flows();
    for (int second = 0; second < 10; second++) {
      history.during(1);
      assertThat(history.of(queue)).as("after %d s", second).isNotEqualTo(Verdict.STALLED);
    }
  }

  @Test
  void aSpinThatEndedWhileNoSentinelWasThereIsNotTheNextOne() {
    queue.spins();
    history.during(1).census().during(20).withoutSentinel();
    queue.flows();
    history.during(10).sentinelRestarts();
    queue.waiting = 1;
    queue.spins();
    history.during(2);
    assertThat(history.of(queue)).isEqualTo(Verdict.SPINNING);
    history.during(3);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void buffersThatDoNotSufficeDoNotEndItForACapture() {
    queue.spins();
    history.during(1).census().during(10).evidence(queue, Duration.ofSeconds(5), 0);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.HIGH);
    history.evidenceWithHeads(queue, Duration.ofSeconds(5), 0.5);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.verdict(queue).confidence()).isEqualTo(Confidence.MEDIUM);
  }

  @Test
  void aQueueThatOneCensusMissedIsNotGone() {
    queue.sleeps();
    queue.waiting = 0;
    history.during(2).census().during(60);
    queue.censused = false;
    history.census();
    assertThat(history.find(queue)).isPresent();
    history.during(60).census();
    assertThat(history.find(queue)).isEmpty();
  }
}
