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

  private static final int MAX_WORKERS = 16;

  private final long period;
  private final long confirm;
  private final long cooldown;
  private final Map<Long, Long> captured = new HashMap<>();
  private long censusAt = Long.MIN_VALUE;
  private boolean followUp;
  private boolean stale;

  Schedule(DaemonOptions options) {
    this.period = options.censusPeriod().toNanos();
    this.confirm = options.settings().confirm().toNanos();
    this.cooldown = options.cooldown().toNanos();
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

  boolean censusDue(List<QueueVerdict> verdicts, boolean sentinelSpeaks, long now) {
    if (censusAt == Long.MIN_VALUE) {
      return true;
    }
    long since = now - censusAt;
    if (since < CENSUS_SPACING) {
      return false;
    }
    if (stale || since >= period || (followUp && since >= confirm + SECOND / 2)) {
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

  /** Returns workers that spin and were not captured of late; empty if there are none. */
  Set<Integer> captureDue(List<QueueVerdict> verdicts, long now) {
    Set<Integer> due = new TreeSet<>();
    for (QueueVerdict verdict : verdicts) {
      boolean spins =
          verdict.verdict() == Verdict.LIVELOCKED
              || (verdict.verdict() == Verdict.SPINNING && verdict.since() != 0);
      boolean coolEnough = now - captured.getOrDefault(verdict.vq(), now - cooldown) >= cooldown;
      boolean settled = verdict.since() != 0 && now - verdict.since() >= SECOND;
      if (spins && coolEnough && settled && verdict.tid() != 0 && due.size() < MAX_WORKERS) {
        due.add(verdict.tid());
      }
    }
    return due;
  }

  /** Notes that a capture of these workers began. */
  void captured(List<QueueVerdict> verdicts, Set<Integer> workers, long now) {
    captured.values().removeIf(at -> now - at >= cooldown);
    for (QueueVerdict verdict : verdicts) {
      if (workers.contains(verdict.tid())) {
        captured.put(verdict.vq(), now);
      }
    }
  }

  /** Notes that the capture failed: it may be tried again, but not at once. */
  void captureFailed(long now) {
    captured.replaceAll((vq, at) -> Math.min(at, now - cooldown + CENSUS_SUSPICIOUS));
  }

  /**
   * Notes that a queue is out of trouble: its next livelock is captured at once, and what the last
   * census said of it is out of date.
   */
  void recovered(long vq) {
    captured.remove(vq);
    stale = true;
  }
}
