package org.vhostwatch.detect;

import java.time.Duration;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.History.Queue;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.SpinCounters;

/**
 * A host of a random kind on which random things happen, and what is true of its queue: whether its
 * worker spins by the bug, since when, and what of that there was to see.
 */
final class RandomHost {

  static final long SECOND = 1_000_000_000L;
  private static final long CONFIRM = Settings.DEFAULT.confirmNanos();
  private static final long NEVER = Long.MIN_VALUE / 2;

  /** Not so many frames are lost one after the other as the sentinel may be silent for. */
  private static final int MOST_LOST = 4;

  /** CPU time is measured over so long. */
  private static final long CPU_WINDOW = 5 * SECOND;

  /** How long a spin of a worker that waits for its CPU may be without a pass. */
  private static final long STARVING = 60 * SECOND;

  private static final long CENSUS_SERVES = 90 * SECOND;
  private static final long SENTINEL_HOLDS = 120 * SECOND;

  /** What a queue does. */
  private enum Act {
    SPIN,
    SLOW,
    FLOW,
    SLEEP,
    STARVE,
    KICKS,
    OVERRUN,
    SEND,
    RESET
  }

  private final SplittableRandom random;
  final History history;
  final boolean btf;
  private final boolean probes;
  private final boolean restarts;
  private final boolean fixed;
  private final boolean known;
  private final boolean captures;
  private final boolean waits;
  private final boolean sends;
  private final boolean replaces;

  Queue queue;
  private Act act = Act.SLEEP;
  private boolean attached;
  private int hold;
  private int lost;
  private int tids = 183;
  private @Nullable Runnable capture;
  private long captureFrom;

  private long movedAt;
  private long deadSince = Long.MAX_VALUE;
  private long deadUntil = NEVER;
  private long waitedAt = NEVER;
  private long kickedAt = NEVER;
  private long busyAt = NEVER;
  private long framedAt = NEVER;
  private long framedBefore = NEVER;
  private long attachedAt = NEVER;
  private long changedAt;
  private long censusAt = NEVER;
  private long stillAt = NEVER;
  private int quietCensuses;
  private long quietSince;
  private boolean captured;
  private boolean capturedThis;
  private boolean certain;
  private int used;

  RandomHost(long seed, History.ObservedBy other) {
    random = new SplittableRandom(seed);
    history = new History().observedBy(other);
    btf = random.nextInt(4) > 0;
    probes = random.nextInt(3) > 0;
    restarts = probes && random.nextBoolean();
    fixed = random.nextInt(3) == 0;
    known = fixed && random.nextBoolean();
    captures = random.nextBoolean();
    waits = random.nextInt(3) == 0;
    sends = random.nextBoolean();
    replaces = random.nextInt(3) == 0;
    if (known) {
      history.onFixedKernel();
    }
    if (!btf) {
      history.withoutBtf();
    }
    if (!probes) {
      history.withoutSentinel();
    }
    attached = probes;
    queue = history.queue(0xffff888012340000L, 178, tids);
    queue.used = 1 + random.nextInt(60_000);
    queue.mergeable = random.nextInt(6) > 0;
    used = queue.used;
    changes();
  }

  Settings settings() {
    return Settings.DEFAULT.onKernel(known);
  }

  /** A second goes by, after what happens at its beginning. */
  void second() {
    if (hold > 0) {
      hold--;
    } else if (random.nextInt(8) == 0) {
      changes();
    }
    if (restarts && random.nextInt(12) == 0) {
      attaches(!attached || random.nextBoolean());
    }
    if (replaces && random.nextInt(30) == 0) {
      replaced();
    }
    if (btf && random.nextInt(4) == 0) {
      census();
    }
    captures();
    boolean loses = lost < MOST_LOST && random.nextInt(3) == 0;
    lost = loses ? lost + 1 : 0;
    if (loses) {
      history.ticksAreLost();
    } else {
      history.ticksComeAgain();
    }
    for (int part = 0; part < 100; part++) {
      history.during(Duration.ofMillis(10));
      look();
    }
    if (attached && !loses) {
      framedAt = history.now();
      attachedAt = attachedAt == NEVER ? framedAt : attachedAt;
      certain |= seenByTheSentinel();
    }
  }

  private void look() {
    long now = history.now();
    if (queue.used != used) {
      used = queue.used;
      movedAt = now;
      stillAt = NEVER;
    }
    if (act == Act.KICKS && queue.passesPerSecond() >= Settings.DEFAULT.minPassesPerSecond()) {
      kickedAt = now;
    }
    if (queue.wants() >= Settings.DEFAULT.busyShare()) {
      busyAt = now;
    }
    boolean spins = act == Act.SPIN || act == Act.SLOW;
    if (!spins || movedAt == now) {
      begins(spins ? now : Long.MAX_VALUE);
    }
    if (spins && now - deadSince >= CONFIRM) {
      deadUntil = now;
    }
  }

  private void begins(long since) {
    deadSince = since;
    capturedThis = false;
    certain = false;
    quietCensuses = 0;
  }

  private void changes() {
    Act[] acts =
        fixed
            ? new Act[] {Act.KICKS, Act.KICKS, Act.STARVE, Act.FLOW, Act.SLEEP, Act.SEND, Act.RESET}
            : new Act[] {
              Act.SPIN, Act.SPIN, Act.SLOW, Act.STARVE, Act.FLOW, Act.SLEEP, Act.SEND, Act.RESET
            };
    Act next = acts[random.nextInt(acts.length)];
    if (!queue.mergeable && next != Act.FLOW && next != Act.SEND && next != Act.RESET) {
      next = random.nextBoolean() ? Act.OVERRUN : Act.SLEEP;
    }
    boolean stood = act == Act.STARVE || act == Act.KICKS || (act == Act.SEND && queue.waiting > 0);
    boolean stands =
        next == Act.STARVE || next == Act.KICKS || next == Act.SEND || next == Act.SPIN;
    if (!stood || !stands) {
      queue.delivers(1 + random.nextInt(10));
      queue.waiting = stands ? random.nextInt(4) > 0 || next != Act.SEND ? 1 : 0 : 0;
    }
    act = next;
    changedAt = history.now();
    framedBefore = framedAt;
    does();
    begins(act == Act.SPIN ? history.now() : Long.MAX_VALUE);
  }

  private void does() {
    queue.backend = CensusQueue.Backend.TUN;
    queue.countsOf(1);
    queue.sends(0, 0);
    double wait = waits && random.nextBoolean() ? 0.3 + 0.4 * random.nextDouble() : 0;
    double rest = 1 - wait;
    switch (act) {
      case SPIN -> queue.does(2_000 + random.nextInt(58_000), 0, rest);
      case SLOW -> queue.does(40_000, 1 + random.nextInt(100), rest);
      case FLOW -> queue.does(0, 100 + random.nextInt(400), 0.9 * rest);
      case SLEEP, STARVE -> queue.sleeps();
      case KICKS -> {
        wait = 0;
        boolean fast = random.nextBoolean();
        double share = fast ? 0.05 + 0.28 * random.nextDouble() : 0.01;
        queue.isKicked(fast ? 100 + random.nextInt(1_300) : 0.3 + random.nextInt(20), share);
        queue.countsOf(share);
      }
      case OVERRUN -> queue.overruns(500 + random.nextInt(5_000), 0.45 * rest);
      case SEND -> queue.does(0, 0, 0).sends(25 + random.nextInt(700), wait > 0 ? rest : 0.6);
      default -> {
        queue.isReset();
        queue.backend = CensusQueue.Backend.NONE;
        hold = 4;
        wait = 0;
      }
    }
    if (act == Act.SLOW || act == Act.OVERRUN) {
      queue.waiting = 1;
    }
    if (sends && random.nextInt(3) == 0 && (act == Act.SPIN || act == Act.KICKS)) {
      queue.alsoSends(25 + random.nextInt(700));
    }
    queue.waitsForItsCpu(act == Act.SLEEP || act == Act.STARVE ? 0 : wait);
    if (queue.waits() > 0) {
      waitedAt = Long.MAX_VALUE;
    } else if (waitedAt == Long.MAX_VALUE) {
      waitedAt = history.now();
    }
  }

  private void attaches(boolean now) {
    if (now) {
      history.sentinelRestarts();
    } else {
      history.withoutSentinel();
    }
    attached = now;
    attachedAt = NEVER;
    if (!btf) {
      capturedThis = false;
      certain = false;
    }
  }

  private void replaced() {
    Queue gone = queue.isGone();
    tids += 5;
    queue = history.queueAt(gone, tids, tids);
    queue.mergeable = gone.mergeable;
    capture = null;
    act = Act.SLEEP;
    queue.used = 100 + random.nextInt(60_000);
    used = queue.used;
    movedAt = history.now();
    deadUntil = NEVER;
    waitedAt = NEVER;
    censusAt = NEVER;
    captured = false;
    changes();
  }

  private void census() {
    history.census();
    long now = history.now();
    censusAt = now;
    stillAt = stillAt == NEVER ? now : stillAt;
    if (act == Act.SPIN && now - deadSince >= CPU_WINDOW && !queue.sending()) {
      quietCensuses++;
      quietSince = quietCensuses == 2 ? now : quietSince;
    }
  }

  private void captures() {
    if (capture != null && random.nextBoolean()) {
      capture.run();
      capture = null;
      captured = true;
      capturedThis |= captureFrom >= Math.max(deadSince, attachedAt) && act == Act.SPIN;
    } else if (capture == null
        && captures
        && attached
        && queue.passesPerSecond() >= 1
        && random.nextInt(5) == 0) {
      capture = history.captureBegins(queue);
      captureFrom = history.now();
    }
  }

  private boolean seenByTheSentinel() {
    long from = Math.max(deadSince, attachedAt);
    return act == Act.SPIN && history.now() - from >= CONFIRM + 2 * SECOND && (btf || capturedThis);
  }

  /** Returns whether it must be said now that it is livelocked. */
  boolean mustBeLivelocked() {
    long now = history.now();
    return act == Act.SPIN
        && ((certain && now - framedAt <= SENTINEL_HOLDS)
            || (!probes
                && quietCensuses >= 3
                && censusAt - quietSince >= CONFIRM
                && now - censusAt <= CENSUS_SERVES));
  }

  /** Returns whether it may be said. */
  boolean mayBeLivelocked() {
    long now = history.now();
    long over = now - deadUntil;
    boolean speaks = attached && attachedAt != NEVER;
    if (over <= (speaks ? SpinCounters.END_NANOS + now - framedAt : 0)) {
      return true;
    }
    if (kicksMayLookLikeIt(now)) {
      return true;
    }
    boolean waited = waitedAt > now - CPU_WINDOW;
    long watches = (waited ? STARVING : CONFIRM) + 2 * SECOND;
    long from = deadSince - Math.max(attachedAt, stillAt);
    // What stood still before a spin of a second may have spun since the last frame before that.
    if (act == Act.SPIN
        && now - deadSince >= SECOND
        && now - Math.max(framedBefore, movedAt) >= CONFIRM) {
      return true;
    }
    // What stood still before the sentinel had watched for long may have spun all along.
    if (act == Act.SPIN && now - deadSince >= SECOND && from <= watches) {
      return now - movedAt >= CONFIRM;
    }
    boolean watched = speaks && now - attachedAt > watches;
    return censusAt <= deadUntil
        && ((waited && over <= STARVING + SECOND)
            || (!watched && (over <= CENSUS_SERVES || now - framedAt <= SENTINEL_HOLDS)));
  }

  /** Without a capture, kicks of just now, of a worker that is busy now, do on a fixed kernel. */
  private boolean kicksMayLookLikeIt(long now) {
    long last = waitedAt > now - CPU_WINDOW ? now - STARVING : framedAt - SpinCounters.END_NANOS;
    return !known && kickedAt >= last && busyAt > now - CPU_WINDOW;
  }

  boolean framedNow() {
    return attached && framedAt == history.now();
  }

  boolean mayBeHigh() {
    return btf && captured;
  }

  boolean mayBeStalled() {
    return btf;
  }

  boolean mayBeSpinning() {
    return probes;
  }

  @Override
  public String toString() {
    return String.format(
        "%s for %d s, btf %s, probes %s (attached %s), restarts %s, fixed %s (known %s), waits %s,"
            + " still %d s, dead until %d s ago, census %d s ago: ",
        act,
        (history.now() - changedAt) / SECOND,
        btf,
        probes,
        attached,
        restarts,
        fixed,
        known,
        queue.waits(),
        (history.now() - movedAt) / SECOND,
        (history.now() - deadUntil) / SECOND,
        (history.now() - censusAt) / SECOND);
  }
}
