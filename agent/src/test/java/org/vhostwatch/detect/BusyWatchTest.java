package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.History.Queue;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.WorkerStacks;

/** Workers that spin for a cause that is not the livelock, and those that only work. */
class BusyWatchTest {

  private final History history = new History();
  private final Queue queue = history.queue(0xffff888012340000L, 178, 183);

  /** Busy without a pass, and nothing moves: a storm of kicks. */
  private void storms() {
    queue.waiting = 0;
    queue.does(0, 0, 0.97);
  }

  /** Time goes by with the daemon's own censuses, every minute and when one is wanted. */
  private void during(int seconds) {
    for (int second = 1; second <= seconds; second++) {
      history.during(1);
      if (second % 60 == 0 || history.busy().wantsCensus(history.now())) {
        history.census();
      }
    }
  }

  @Test
  void aWorkerThatIsBusyWithNothingIsFoundWithinTwoMinutes() {
    queue.sleeps();
    history.during(1).census();
    during(30);
    storms();
    during(85);
    assertThat(history.unexplained()).isEmpty();
    during(35);
    assertThat(history.unexplained()).hasSize(1);
    UnexplainedWorker found = history.unexplained().get(0);
    assertThat(found.worker().tid()).isEqualTo(183);
    assertThat(found.share()).isBetween(0.95, 1.0);
    assertThat(found.queues()).isEqualTo(1);
    assertThat(history.now() - found.since()).isBetween(90_000_000_000L, 120_000_000_000L);
    assertThat(history.of(queue)).isEqualTo(Verdict.BUSY);
  }

  @Test
  void oneThatWasBusyBeforeItWasKnownIsFoundAsWell() {
    storms();
    during(140);
    assertThat(history.unexplained()).hasSize(1);
  }

  @Test
  void aWorkerThatNoCensusListsIsFoundToo() {
    storms();
    queue.censused = false;
    during(140);
    assertThat(history.unexplained()).hasSize(1);
    assertThat(history.unexplained().get(0).queues()).isZero();
  }

  @Test
  void aCensusThatMissesAQueueSaysNothingOfIt() {
    queue.flows().does(0, 10_000, 0.97);
    history.during(1).census().during(60);
    queue.censused = false;
    history.census().during(30);
    queue.censused = true;
    history.census();
    assertThat(history.unexplained()).as("it moves").isEmpty();

    storms();
    during(140);
    assertThat(history.unexplained()).hasSize(1);
    queue.censused = false;
    history.census();
    assertThat(history.unexplained()).as("missed once").hasSize(1);
    queue.censused = true;
    history.during(10).census();
    assertThat(history.unexplained()).as("found again, where it was").hasSize(1);
  }

  @Test
  void whatWaitsForItsCpuIsBusyToo() {
    storms();
    queue.does(0, 0, 0.3).waitsForItsCpu(0.68);
    during(140);
    assertThat(history.unexplained()).hasSize(1);
    assertThat(history.unexplained().get(0).share()).isBetween(0.28, 0.32);
    assertThat(history.unexplained().get(0).waits()).isBetween(0.66, 0.70);
  }

  @Test
  void twoThirdsOfACpuAreNotEnough() {
    storms();
    queue.does(0, 0, 0.66);
    during(300);
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void aWorkerThatReceivesAtFullSpeedIsExplained() {
    queue.flows();
    queue.does(0, 10_007, 1);
    during(600);
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void aWorkerThatOnlySendsIsExplained() {
    queue.waiting = 0;
    queue.sends(10_007, 1);
    during(600);
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void aBusyHealthyHostCostsNoCensusBeyondThoseOfTheMinute() {
    queue.flows();
    queue.does(0, 10_007, 1);
    history.during(2).census();
    for (int second = 1; second <= 600; second++) {
      history.during(1);
      if (second % 60 == 0) {
        history.census();
      }
      assertThat(history.busy().wantsCensus(history.now())).as("second %d", second).isFalse();
    }
  }

  @Test
  void workersThatComeAndGoCostTwoCensusesAMinuteAtMost() {
    int censuses = 0;
    for (int i = 0; i < 40; i++) {
      history.queue(0xffff888020000000L + 0x10000L * i, 1_000 + i, 2_000 + i).sleeps();
    }
    List<Queue> all = List.copyOf(history.queues());
    history.during(2).census();
    for (int second = 1; second <= 600; second++) {
      // Each is busy for a minute, and one begins every three seconds.
      if (second % 3 == 0) {
        all.get(second / 3 % all.size()).does(0, 10_007, 1);
        all.get((second / 3 + 20) % all.size()).sleeps();
      }
      history.during(1);
      if (history.busy().wantsCensus(history.now())) {
        history.census();
        censuses++;
      }
    }
    assertThat(censuses).isBetween(5, 20);
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void aLivelockIsReportedAsSuchOnly() {
    queue.spins();
    during(300);
    assertThat(history.of(queue)).isEqualTo(Verdict.LIVELOCKED);
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void afterALivelockItsTimeDoesNotCount() {
    queue.spins();
    during(300);
    storms();
    during(80);
    assertThat(history.of(queue)).isEqualTo(Verdict.BUSY);
    assertThat(history.unexplained()).isEmpty();
    during(70);
    assertThat(history.unexplained()).hasSize(1);
  }

  @Test
  void withoutCensusesNothingIsSaid() {
    storms();
    history.during(600);
    assertThat(history.unexplained()).isEmpty();
    assertThat(history.busy().wantsCensus(history.now())).isTrue();
  }

  @Test
  void aCensusOfTheBeginningProvesNothingOfTheEnd() {
    queue.sleeps();
    history.during(1).census().during(30);
    storms();
    history.during(30).census().during(200);
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void lostFramesAndLooksDoNotEndIt() {
    storms();
    during(140);
    history.ticksAreLost().during(30);
    assertThat(history.unexplained()).hasSize(1);
    // No look for half a minute, and then one.
    history.see(new Observation.SentinelLost()).during(Duration.ofSeconds(30)).ticksComeAgain();
    assertThat(history.unexplained()).hasSize(1);
  }

  @Test
  void itEndsWhenTheWorkerSleeps() {
    storms();
    during(140);
    queue.sleeps();
    during(25);
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void itEndsWhenAnIndexMoves() {
    storms();
    during(140);
    queue.does(0, 10_007, 1);
    during(65);
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void itEndsWithTheWorker() {
    storms();
    during(140);
    queue.isGone();
    during(2);
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void anotherWorkerWithTheSameIdIsAnotherWorker() {
    storms();
    during(140);
    queue.startTicks++;
    during(2);
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void aQueueWithoutAReadableWorkerSpeaksForAllOfItsProcess() {
    storms();
    Queue same = history.queue(0xffff888012350000L, 178, 184);
    same.workerRead = false;
    same.waiting = 0;
    same.sends(10_007, 0);
    history.during(1);
    for (int second = 1; second <= 200; second++) {
      history.during(1);
      if (second % 50 == 0) {
        history.census();
      }
    }
    assertThat(history.unexplained()).isEmpty();
  }

  @Test
  void aCaptureTellsWhereItIs() {
    storms();
    during(140);
    history
        .busy()
        .captured(
            List.of(
                new WorkerStacks(
                    183,
                    List.of(
                        stack(
                            60, "vhost_net_enable_vq+18", "handle_tx+45", "vhost_run_work_list+72"),
                        stack(30, "handle_tx_kick+9", "vhost_run_work_list+72"),
                        stack(20, "schedule+46", "vhost_task_fn+200"))),
                new WorkerStacks(999, List.of(stack(1, "another+1")))));
    UnexplainedWorker found = history.unexplained().get(0);
    assertThat(found.stacks()).hasSize(3);
    assertThat(found.place()).contains(new UnexplainedWorker.Place("handle_tx", 60.0 / 110));
  }

  @Test
  void whereNoDriverIsOnTheStackItsTopTells() {
    Worker worker = new Worker(1, 1, 1, "vhost-1", Worker.Kind.KTHREAD, 'R', 1, 1, 1, 0);
    UnexplainedWorker alone =
        new UnexplainedWorker(
            worker, 0, 0, 1, 0, 0, 0, List.of(stack(3, "memcpy+1"), stack(4, "memcpy+2")));
    assertThat(alone.place()).contains(new UnexplainedWorker.Place("memcpy", 1));
    assertThat(new UnexplainedWorker(worker, 0, 0, 1, 0, 0, 0, List.of()).place()).isEmpty();
  }

  @Test
  void theTimeMustBePositive() {
    assertThatThrownBy(() -> new BusyWatch(Duration.ZERO)).hasMessageContaining("PT0S");
  }

  private static Evidence.Stack stack(long samples, String... frames) {
    return new Evidence.Stack(samples, List.of(frames));
  }
}
