package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.History.Queue;
import org.vhostwatch.probe.SentinelFrame;
import org.vhostwatch.probe.SpinCounters;

/**
 * Random histories against a model that knows when the used index moved: what every livelock must
 * be, and what every one must become.
 */
class DetectorPropertyTest {

  private static final int HISTORIES = 60;
  private static final int SECONDS = 90;
  private static final long CONFIRM = Settings.DEFAULT.confirmNanos();
  private static final long FRAME = 1_000_000_000L;

  /** So long no pass comes before a spin is over. */
  private static final long ACTIVE = SpinCounters.END_NANOS;

  /** What the model knows. */
  private static final class Model {
    private long movedAt;
    private long spinsSince = Long.MAX_VALUE;
    private int used;

    void look(Queue queue, boolean spins, long now) {
      if (queue.used != used) {
        used = queue.used;
        movedAt = now;
      }
      if (!spins) {
        spinsSince = Long.MAX_VALUE;
      } else if (spinsSince == Long.MAX_VALUE) {
        spinsSince = now;
      }
    }
  }

  @Test
  void aLivelockIsNeverClaimedOfAMovingQueueAndNeverMissedOfADeadOne() {
    long seed = Long.getLong("seed", 20261123L);
    SplittableRandom random = new SplittableRandom(seed);
    int livelocks = 0;
    for (int round = 0; round < HISTORIES; round++) {
      History history = new History();
      Queue queue = history.queue(0xffff888012340000L, 178, 183);
      Model model = new Model();
      boolean spins = false;
      int lost = 0;
      history.census();
      model.look(queue, false, history.now());
      for (int second = 0; second < SECONDS; second++) {
        if (random.nextInt(5) == 0) {
          spins = behave(queue, random);
        }
        if (random.nextInt(4) == 0) {
          history.census();
        }
        // Up to five seconds of ticks may be lost in a row.
        boolean ticks = lost == 5 || random.nextInt(3) > 0;
        lost = ticks ? 0 : lost + 1;
        if (ticks) {
          history.ticksComeAgain();
        } else {
          history.ticksAreLost();
        }
        for (int part = 0; part < 100; part++) {
          history.during(Duration.ofMillis(10));
          model.look(queue, spins, history.now());
        }
        if (!ticks) {
          continue;
        }
        String when = "seed " + seed + ", history " + round + ", second " + second;
        boolean livelocked = history.of(queue) == Verdict.LIVELOCKED;
        if (livelocked) {
          livelocks++;
          // The end of a spin shows only in the pass that does not come.
          assertThat(history.verdict(queue).since())
              .as("%s: the claimed start", when)
              .isLessThanOrEqualTo(history.now() - CONFIRM);
          assertThat(stillFor(model, history.now()) >= CONFIRM || endedJustNow(model, history))
              .as("%s: livelocked although the used index moves", when)
              .isTrue();
        }
        if (spins && history.now() - model.spinsSince >= CONFIRM + 2 * FRAME) {
          assertThat(livelocked).as("%s: a livelock is missed", when).isTrue();
        }
      }
    }
    assertThat(livelocks).as("histories with livelocks").isGreaterThan(HISTORIES);
  }

  @Test
  void framesSaidTwiceOrLostChangeNothing() {
    long seed = Long.getLong("seed", 7L);
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < HISTORIES; round++) {
      History history = new History();
      Queue queue = history.queue(0xffff888012340000L, 178, 183);
      Detector other = new Detector(Settings.DEFAULT);
      HostState state = HostState.EMPTY;
      int lost = 0;
      for (int second = 0; second < SECONDS; second++) {
        if (random.nextInt(6) == 0) {
          behave(queue, random);
        }
        history.during(1);
        SentinelFrame frame = history.currentFrame();
        boolean arrives = lost == 4 || random.nextInt(3) > 0;
        lost = arrives ? 0 : lost + 1;
        if (!arrives) {
          continue;
        }
        for (int times = random.nextInt(3); times >= 0; times--) {
          state = other.next(state, new Observation.Spins(frame), history.now());
        }
        assertThat(livelocked(other.judge(state, history.now())))
            .as("seed %d, history %d, second %d", seed, round, second)
            .isEqualTo(livelocked(history.verdicts()));
      }
    }
  }

  /** Returns whether the queue now spins for good. */
  private static boolean behave(Queue queue, SplittableRandom random) {
    queue.waiting = 1;
    switch (random.nextInt(6)) {
      case 0, 1 -> queue.does(200 + random.nextInt(60_000), 0, 1);
      case 2 -> queue.does(40_000, 1 + random.nextInt(100), 1);
      case 3 -> queue.flows();
      case 4 -> queue.does(random.nextInt(20), 0, 0.01);
      default -> queue.sleeps();
    }
    return queue.passesPerSecond() >= 200 && queue.usedPerSecond() == 0;
  }

  private static long stillFor(Model model, long now) {
    return now - model.movedAt;
  }

  /** The last pass saw it still for long enough, and no frame can know more. */
  private static boolean endedJustNow(Model model, History history) {
    return history.verdict(queueOf(history)).spin() != null
        && history.now() - lastPass(history) <= ACTIVE
        && model.movedAt >= lastPass(history);
  }

  private static Queue queueOf(History history) {
    return history.queues().iterator().next();
  }

  private static long lastPass(History history) {
    return history.currentFrame().queues().get(0).seen();
  }

  private static boolean livelocked(List<QueueVerdict> verdicts) {
    return verdicts.stream().anyMatch(verdict -> verdict.verdict() == Verdict.LIVELOCKED);
  }
}
