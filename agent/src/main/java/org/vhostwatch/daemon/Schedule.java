package org.vhostwatch.daemon;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;

/**
 * Says when a census or a capture is due. Knows no clock: times are arguments, in monotonic
 * nanoseconds.
 */
final class Schedule {

  private static final long SECOND = 1_000_000_000L;

  /** Never two censuses closer than this, whatever is suspicious. */
  private static final long CENSUS_SPACING = 2 * SECOND;

  /** While something stands still, or a worker is busy and unexplained, look this often. */
  private static final long CENSUS_SUSPICIOUS = 10 * SECOND;

  /** A look that an incident waits for is worth a capture beside the cool-down; not twice. */
  private static final long LOOK_SPACING = 30 * SECOND;

  /**
   * The longest cool-down: each capture of a queue that goes on as before makes it twice as long.
   */
  private static final long LONGEST_COOLDOWN = 1800 * SECOND;

  private static final int MAX_WORKERS = 16;

  /**
   * The last capture of a queue.
   *
   * @param pause until the next one
   * @param recovered whether the queue has been out of trouble since
   */
  private record Capture(long at, long pause, boolean recovered) {}

  private long period;
  private long confirm;
  private final long cooldown;
  private final Map<Long, Capture> captured = new HashMap<>();
  private long censusAt = Long.MIN_VALUE;
  private boolean followUp;
  private boolean stale;

  Schedule(DaemonOptions options) {
    change(options);
    this.cooldown = options.cooldown().toNanos();
  }

  /** From now on the census period and the confirm time of these count. */
  final void change(DaemonOptions options) {
    period = options.censusPeriod().toNanos();
    confirm = options.settings().confirm().toNanos();
  }

  /** Notes that a census ended, well or not. */
  void counted(List<QueueVerdict> verdicts, long now) {
    // A packet that waits is what every busy queue shows now and then; only a second look tells.
    boolean waits =
        verdicts.stream()
            .anyMatch(verdict -> verdict.queue() != null && verdict.queue().packetWaits());
    followUp = waits && !followUp;
    censusAt = now;
    stale = false;
  }

  /** Notes that the modules changed: what the last census said is void. */
  void reset() {
    censusAt = Long.MIN_VALUE;
    followUp = false;
  }

  /**
   * Returns whether to take a census now.
   *
   * @param sentinelSpeaks whether spins are seen without one
   * @param wanted whether somebody waits for one, to be told how a livelock ended
   */
  boolean censusDue(List<QueueVerdict> verdicts, boolean sentinelSpeaks, boolean wanted, long now) {
    if (censusAt == Long.MIN_VALUE) {
      return true;
    }
    long since = now - censusAt;
    if (since < CENSUS_SPACING) {
      return false;
    }
    if (stale
        || (wanted && since >= CENSUS_SUSPICIOUS)
        || since >= period
        || (followUp && since >= confirm + SECOND / 2)) {
      return true;
    }
    for (QueueVerdict verdict : verdicts) {
      boolean nameless = verdict.spin() != null && verdict.queue() == null;
      // What waits at the head of a livelocked queue came with the livelock.
      boolean older = verdict.verdict() == Verdict.LIVELOCKED && censusAt < verdict.since();
      boolean suspicious =
          verdict.verdict() == Verdict.STALLED
              || (!sentinelSpeaks
                  && (verdict.verdict() == Verdict.LIVELOCKED || verdict.cpuShare() >= 0.5));
      if (nameless || older || (suspicious && since >= CENSUS_SUSPICIOUS)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns workers that spin and were not captured of late; empty if there are none.
   *
   * @param looks queues of which an incident waits for a look
   */
  Set<Integer> captureDue(List<QueueVerdict> verdicts, Set<Long> looks, long now) {
    Set<Integer> due = new TreeSet<>();
    for (QueueVerdict verdict : verdicts) {
      boolean spins =
          verdict.verdict() == Verdict.LIVELOCKED
              || (verdict.verdict() == Verdict.SPINNING && verdict.since() != 0);
      boolean coolEnough = cool(verdict, looks.contains(verdict.vq()), now);
      boolean settled = verdict.since() != 0 && now - verdict.since() >= SECOND;
      if (spins && coolEnough && settled && verdict.tid() != 0 && due.size() < MAX_WORKERS) {
        due.add(verdict.tid());
      }
    }
    return due;
  }

  private boolean cool(QueueVerdict verdict, boolean look, long now) {
    Capture last = captured.get(verdict.vq());
    if (last == null || (last.recovered() && verdict.verdict() == Verdict.LIVELOCKED)) {
      return true;
    }
    return now - last.at() >= (look ? Math.min(LOOK_SPACING, cooldown) : last.pause());
  }

  /** Notes that a capture of these workers began. */
  void captured(List<QueueVerdict> verdicts, Set<Integer> workers, long now) {
    captured.values().removeIf(last -> now - last.at() >= 2 * LONGEST_COOLDOWN);
    for (QueueVerdict verdict : verdicts) {
      if (workers.contains(verdict.tid())) {
        captured.merge(
            verdict.vq(),
            new Capture(now, cooldown, false),
            (last, first) -> new Capture(now, nextPause(last, now), false));
      }
    }
  }

  /** A look that an incident waits for comes before its time, and is no reason to wait longer. */
  private static long nextPause(Capture last, long now) {
    return now - last.at() >= last.pause()
        ? Math.min(2 * last.pause(), LONGEST_COOLDOWN)
        : last.pause();
  }

  /** Notes that the capture failed: it may be tried again, but not at once. */
  void captureFailed(long now) {
    captured.replaceAll(
        (vq, last) ->
            new Capture(
                Math.min(last.at(), now - last.pause() + CENSUS_SUSPICIOUS),
                last.pause(),
                last.recovered()));
  }

  /**
   * Notes that a queue is out of trouble: its next livelock is captured at once, and what the last
   * census said of it is out of date.
   */
  void recovered(long vq) {
    captured.computeIfPresent(vq, (same, last) -> new Capture(last.at(), last.pause(), true));
    stale = true;
  }
}
