package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.History.Queue;
import org.vhostwatch.probe.SpinCounters;

/**
 * Random histories against a model that knows when the used index moved: what every livelock must
 * be, and what every one must become; and that a verdict depends on nothing but what the queue did.
 *
 * <p>{@code -Dvhostwatch.histories=1000000} tries more of them, {@code -Dseed=} others. A failure
 * says the seed of its history, which is then the first.
 */
class DetectorPropertyTest {

  private static final int HISTORIES = Integer.getInteger("vhostwatch.histories", 200);
  private static final long SEED = Long.getLong("seed", 20261123L);
  private static final int SECONDS = 40;
  private static final long CONFIRM = Settings.DEFAULT.confirmNanos();
  private static final long FRAME = 1_000_000_000L;
  private static final long VQ = 0xffff888012340000L;

  /** Not so many frames are lost one after the other as the sentinel may be silent for. */
  private static final int MOST_LOST = 4;

  /**
   * Who misses some frames learns of a change with the next one, and what it counts passes over may
   * begin a second before the last one that it got.
   */
  private static final int SETTLED = MOST_LOST + 2;

  /** So long no pass comes before a spin is over. */
  private static final long ACTIVE = SpinCounters.END_NANOS;

  /**
   * What happens at a full second, before the second that follows.
   *
   * @param behaviour what the queue does from now on, -1 for no change
   * @param passes passes a second, where it spins
   * @param delivered buffers a second, where it delivers some
   * @param census whether one is taken
   * @param lost whether the frame at the end of this second is lost
   * @param times how often that frame comes
   * @param part when another watcher gets a frame within this second, hundredths; 0 for never
   */
  private record Second(
      int behaviour, int passes, int delivered, boolean census, boolean lost, int times, int part) {

    boolean changes() {
      return behaviour >= 0;
    }

    /** Does it, and returns whether the queue spins for good from here on, or went on to. */
    boolean begin(History history, Queue queue) {
      if (changes()) {
        queue.waiting = 1;
      }
      switch (behaviour) {
        case -1 -> {}
        case 0, 1 -> queue.does(passes, 0, 1);
        case 2 -> queue.does(40_000, delivered, 1);
        case 3 -> queue.flows();
        case 4 -> queue.does(passes % 20, 0, 0.01);
        default -> queue.sleeps();
      }
      if (census) {
        history.census();
      }
      return queue.passesPerSecond() >= 200 && queue.usedPerSecond() == 0;
    }
  }

  private static List<Second> seconds(SplittableRandom random) {
    List<Second> seconds = new ArrayList<>();
    int lost = 0;
    for (int i = 0; i < SECONDS; i++) {
      boolean loses = lost < MOST_LOST && random.nextInt(3) == 0;
      lost = loses ? lost + 1 : 0;
      seconds.add(
          new Second(
              i == 0 || random.nextInt(5) == 0 ? random.nextInt(6) : -1,
              200 + random.nextInt(60_000),
              1 + random.nextInt(100),
              random.nextInt(4) == 0,
              loses,
              1 + random.nextInt(3),
              random.nextInt(100)));
    }
    return seconds;
  }

  /** What the model knows. */
  private static final class Model {
    private long movedAt;
    private long spinsSince = Long.MAX_VALUE;
    private long spunAt;
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
      if (queue.passesPerSecond() >= Settings.DEFAULT.minPassesPerSecond()) {
        spunAt = now;
      }
    }
  }

  /** Since how many seconds the queue does what it does. */
  private static final class Steadiness {
    private int seconds;

    boolean settled(Second second) {
      seconds = second.changes() ? 1 : seconds + 1;
      return seconds > SETTLED;
    }
  }

  @Test
  void aLivelockIsNeverClaimedOfAMovingQueueAndNeverMissedOfADeadOne() {
    long livelocks = 0;
    for (int round = 0; round < HISTORIES; round++) {
      livelocks += againstTheModel(SEED + round);
    }
    assertThat(livelocks).as("seconds of livelocks").isGreaterThan(HISTORIES);
  }

  private static long againstTheModel(long seed) {
    History history = new History();
    Queue queue = history.queue(VQ, 178, 183);
    Model model = new Model();
    long livelocks = 0;
    NavigableSet<Long> ticks = new TreeSet<>(Set.of(0L, history.now()));
    history.census();
    model.look(queue, false, history.now());
    for (Second second : seconds(new SplittableRandom(seed))) {
      boolean spins = second.begin(history, queue);
      if (second.lost()) {
        history.ticksAreLost();
      } else {
        history.ticksComeAgain();
      }
      for (int part = 0; part < 100; part++) {
        history.during(Duration.ofMillis(10));
        model.look(queue, spins, history.now());
      }
      if (second.lost()) {
        continue;
      }
      boolean livelocked = history.of(queue) == Verdict.LIVELOCKED;
      if (livelocked) {
        livelocks++;
        // The end of a spin shows only in the pass that does not come.
        assertThat(history.verdict(queue).since())
            .as(() -> when(seed, history) + "the claimed start")
            .isLessThanOrEqualTo(history.now() - CONFIRM);
        assertThat(history.now() - model.movedAt >= CONFIRM || endedJustNow(model, history))
            .as(() -> when(seed, history) + "livelocked although the used index moves")
            .isTrue();
        // The last pass is as old as that at most. Passes are counted from the frame before the
        // one that showed it on, or from up to a second before.
        assertThat(model.spunAt)
            .as(() -> when(seed, history) + "livelocked although few passes come")
            .isGreaterThanOrEqualTo(
                Objects.requireNonNull(ticks.lower(history.now() - ACTIVE)) - FRAME);
      }
      if (spins && history.now() - model.spinsSince >= CONFIRM + 2 * FRAME) {
        assertThat(livelocked).as(() -> when(seed, history) + "a livelock is missed").isTrue();
      }
      ticks.add(history.now());
    }
    return livelocks;
  }

  @Test
  void framesSaidTwiceChangeNothing() {
    long livelocks =
        besideAnother(
            false,
            (second, other, history) -> {
              for (int times = second.times(); times > 0; times--) {
                other.frame(history);
              }
              return true;
            });
    assertThat(livelocks).as("seconds of livelocks").isGreaterThan(HISTORIES);
  }

  @Test
  void lostFramesChangeNothingThatLasts() {
    Steadiness steadiness = new Steadiness();
    long livelocks =
        besideAnother(
            false,
            (second, other, history) -> {
              boolean settled = steadiness.settled(second);
              if (!second.lost()) {
                other.frame(history);
              }
              return settled && !second.lost();
            });
    assertThat(livelocks).as("seconds of livelocks").isGreaterThan(HISTORIES);
  }

  /** One gets a frame at each full second, the other at some times between, and at the fifth. */
  @Test
  void itDoesNotMatterWhenFramesCome() {
    Steadiness steadiness = new Steadiness();
    int[] number = {0};
    long livelocks =
        besideAnother(
            true,
            (second, other, history) -> {
              boolean settled = steadiness.settled(second);
              boolean fifth = ++number[0] % 5 == 0;
              if (fifth) {
                other.frame(history);
              }
              return settled && fifth;
            });
    assertThat(livelocks).as("seconds of livelocks, of each five one").isGreaterThan(HISTORIES / 5);
  }

  /** What another watcher gets at the end of a second. */
  private interface Ending {
    /** Returns whether both must say the same now. */
    boolean of(Second second, Watcher other, History history);
  }

  /**
   * Returns the seconds at which both, who must say the same, say that there is a livelock.
   *
   * @param between whether the other gets frames at other times too
   */
  private static long besideAnother(boolean between, Ending ending) {
    long livelocks = 0;
    for (int round = 0; round < HISTORIES; round++) {
      long seed = SEED + round;
      Watcher other = new Watcher();
      History history = new History().observedBy(other::sees);
      Queue queue = history.queue(VQ, 178, 183);
      history.census();
      for (Second second : seconds(new SplittableRandom(seed))) {
        second.begin(history, queue);
        history.during(Duration.ofMillis(10L * second.part()));
        if (between && second.part() > 0) {
          other.frame(history);
        }
        history.during(Duration.ofMillis(1000 - 10L * second.part()));
        if (ending.of(second, other, history)) {
          boolean livelocked = livelocked(history.verdicts());
          livelocks += livelocked ? 1 : 0;
          assertThat(other.livelocked(history.now()))
              .as(() -> when(seed, history) + "another says otherwise")
              .isEqualTo(livelocked);
        }
      }
    }
    return livelocks;
  }

  /** The indices have 16 bits: where they stand when a history begins is no part of it. */
  @Test
  void itDoesNotMatterWhereTheIndicesWrap() {
    for (int round = 0; round < HISTORIES; round++) {
      long seed = SEED + round;
      SplittableRandom random = new SplittableRandom(seed);
      int shift = random.nextInt(4) == 0 ? 0xffff - random.nextInt(300) : random.nextInt(0x10000);
      History plain = new History();
      Queue queue = plain.queue(VQ, 178, 183);
      plain.census();
      History wrapped = new History();
      Queue other = wrapped.queue(VQ, 178, 183);
      other.used = (other.used + shift) & 0xffff;
      other.avail = (other.avail + shift) & 0xffff;
      other.last = (other.last + shift) & 0xffff;
      wrapped.census();
      for (Second second : seconds(random)) {
        second.begin(plain, queue);
        second.begin(wrapped, other);
        plain.during(1);
        wrapped.during(1);
        assertThat(saying(wrapped.find(other)))
            .as(() -> when(seed, plain) + "with indices " + shift + " further on")
            .isEqualTo(saying(plain.find(queue)));
      }
    }
  }

  /** What other queues of the host do is no part of a verdict. */
  @Test
  void itDoesNotMatterWhatOtherQueuesDo() {
    for (int round = 0; round < HISTORIES; round++) {
      long seed = SEED + round;
      SplittableRandom random = new SplittableRandom(seed);
      History alone = new History();
      Queue queue = alone.queue(VQ, 178, 183);
      alone.census();
      History crowded = new History();
      Queue same = crowded.queue(VQ, 178, 183);
      Queue neighbour = crowded.queue(VQ + 0x4000, 278, 283);
      crowded.census();
      List<Second> neighbours = seconds(random.split());
      int number = 0;
      for (Second second : seconds(random)) {
        second.begin(alone, queue);
        Second theirs = neighbours.get(number++);
        new Second(theirs.behaviour(), theirs.passes(), theirs.delivered(), false, false, 1, 0)
            .begin(crowded, neighbour);
        second.begin(crowded, same);
        alone.during(1);
        crowded.during(1);
        assertThat(saying(crowded.find(same)))
            .as(() -> when(seed, alone) + "with a neighbour")
            .isEqualTo(saying(alone.find(queue)));
      }
    }
  }

  /** Another detector, which gets what a test gives it. */
  private static final class Watcher {
    private final Detector detector = new Detector(Settings.DEFAULT);
    private HostState state = HostState.EMPTY;

    void frame(History history) {
      sees(new Observation.Spins(history.currentFrame()), history.now());
    }

    void sees(Observation observation, long now) {
      state = detector.next(state, observation, now);
    }

    boolean livelocked(long now) {
      return DetectorPropertyTest.livelocked(detector.judge(state, now));
    }
  }

  /** What is told of a queue; nothing as long as nobody has seen it. */
  private static String saying(Optional<QueueVerdict> verdict) {
    return verdict
        .map(
            v ->
                v.verdict()
                    + " "
                    + v.confidence()
                    + " since "
                    + v.since()
                    + ", passes "
                    + v.passes()
                    + ", episodes "
                    + v.episodes())
        .orElse("");
  }

  private static String when(long seed, History history) {
    return "-Dseed=" + seed + ", at " + history.now() / FRAME + " s: ";
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
