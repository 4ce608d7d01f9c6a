package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.History.Queue;

/** What a worker's sending accounts for, while its receive queue stands still. */
class SendingTest {

  private static final long VQ = 0xffff888012340000L;

  private final History history = new History();
  private final Queue queue = history.queue(VQ, 178, 183);

  @Test
  void aWorkerThatWaitsForItsCpuToSendLittleIsNoLivelock() {
    queue.does(0, 0, 0.01).sends(2, 0.01).waitsForItsCpu(0.6);
    history.withoutSentinel().during(1).census();
    for (int ten = 0; ten < 10; ten++) {
      history.during(10).census();
      assertThat(history.of(queue)).as("%d0 s", ten).isNotEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void aStallThatHasLastedForHoursIsNoLivelockWhenItsGuestBeginsToSend() {
    queue.sends(1, 0);
    history.withoutSentinel().during(1).census().during(5000).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    queue.sends(9_000, 0.9);
    for (int second = 0; second < 60; second++) {
      history.during(1).census();
      assertThat(history.of(queue)).as("%d s", second).isNotEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void aSenderWhoseIndexGoesRoundIsNotQuiet() {
    // Little more than 65536 from one census to the next.
    queue.does(0, 0, 0.9).sends(6_560, 0.9);
    history.withoutSentinel().during(1).census();
    for (int ten = 0; ten < 6; ten++) {
      history.during(ten == 3 ? 10 : 7).census();
      assertThat(history.of(queue)).as("census %d", ten).isNotEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void aSpinOfSlowPassesGoesOnWhateverFewPacketsItsGuestSends() {
    queue.does(200, 0, 0.98).countsOf(0).sends(5, 0.98);
    history.during(1).census().during(4).census();
    for (int minute = 0; minute < 5; minute++) {
      history.during(60).census();
      assertThat(history.of(queue)).as("minute %d", minute).isEqualTo(Verdict.LIVELOCKED);
    }
  }

  @Test
  void aGuestThatWentOnSendingForAWhileIsLivelockedOnceItIsQuiet() {
    queue.does(0, 0, 1).sends(5_000, 1);
    history.withoutSentinel().during(1).census().during(10).census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.UNKNOWN);
    queue.sends(1, 1);
    history.during(1).census().during(5).census().during(5).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void whatWasSentBeforeItStoodStillIsNoWorkOfNow() {
    queue.flows();
    queue.sends(9_000, 0.9);
    history.withoutSentinel().during(2).census().during(10).census();
    queue.waiting = 1;
    queue.does(0, 0, 1).sends(2, 1);
    history.during(1).census().during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
  }

  @Test
  void aGuestThatKicksNowAndThenWhileItsWorkerSendsIsStalled() {
    queue.does(40, 0, 0.9).sends(20_000, 0.9);
    history.during(1).census().during(10).census();
    for (int second = 0; second < 10; second++) {
      history.during(1);
      assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    }
  }

  @Test
  void withoutProbesAStallWhoseWorkerSendsIsNoLivelock() {
    queue.sleeps().sends(20_000, 0.9);
    history.withoutSentinel().during(1).census().during(10).census();
    assertThat(history.of(queue)).as("it may spin as well").isEqualTo(Verdict.UNKNOWN);
    queue.sends(2_000, 0.2);
    history.during(10).census();
    assertThat(history.of(queue)).isEqualTo(Verdict.STALLED);
    assertThat(history.verdict(queue).summary()).contains("busy with other work");
  }
}
