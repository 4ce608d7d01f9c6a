package org.vhostwatch.daemon;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.SpinCounters;

/**
 * Says when a census or a capture is due. Knows no clock: times are arguments, in monotonic
 * nanoseconds.
 */
final class Schedule {

  private static final long SECOND = 1_000_000_000L;

  /** Never two censuses closer than this, whatever is suspicious. */
  private static final long CENSUS_SPACING = 2 * SECOND;

  /** The longest pause after censuses that failed, however many: the next one may be needed. */
  private static final long LONGEST_SPACING = 60 * SECOND;

  /** While something stands still, or a worker is busy and unexplained, look this often. */
  private static final long CENSUS_SUSPICIOUS = 10 * SECOND;

  /** While something has stood still for long: whoever mends it wants to see that. */
  private static final long CENSUS_STANDING = 60 * SECOND;

  /** A livelocked worker that made no pass for so long is looked after by a census. */
  private static final long SILENT = 5 * SECOND;

  /**
   * A look that an incident waits for is worth a capture beside the cool-down, not twice; and so is
   * a livelock that is there again, after a pause that is doubled each time.
   */
  private static final long LOOK_SPACING = 30 * SECOND;

  /** The same of a queue that spins for long, and has since before the last capture. */
  private static final long LONG_SPIN_SPACING = 120 * SECOND;

  /**
   * The longest cool-down: each capture of a queue that goes on as before makes it twice as long.
   */
  private static final long LONGEST_COOLDOWN = 1800 * SECOND;

  /** After so many failures in a row a pause is not doubled any more. */
  private static final int MAX_DOUBLINGS = 10;

  /** More workers are not captured at a time. */
  static final int MAX_WORKERS = 16;

  /**
   * The last capture of a queue.
   *
   * @param began when it began
   * @param at from when the pause counts: of one that showed nothing from earlier on
   * @param pause until the next one
   * @param recovered whether the queue has been out of trouble since
   * @param failures captures that showed nothing since one did, this one among them once it has
   * @param early captures, this one among them, that were made before their time
   */
  private record Capture(
      long began, long at, long pause, boolean recovered, int failures, int early) {

    static Capture first(long now, long pause) {
      return new Capture(now, now, pause, false, 0, 0);
    }

    /** Returns the one after this. */
    Capture next(long now) {
      long since = now - at;
      // A look that an incident waits for comes before its time, and is no reason to wait longer.
      long next = since >= pause ? Math.min(2 * pause, LONGEST_COOLDOWN) : pause;
      int before = since < pause ? Math.min(early + 1, MAX_DOUBLINGS) : early;
      // What comes and goes is in trouble anew only after a quiet half an hour.
      return new Capture(
          now, now, next, false, recovered ? 0 : failures, since >= LONGEST_COOLDOWN ? 0 : before);
    }

    Capture well() {
      return new Capture(began, at, pause, recovered, 0, early);
    }

    Capture ill(long now) {
      long sooner = Math.min(CENSUS_SUSPICIOUS << failures, pause);
      return new Capture(
          began,
          Math.min(at, now - pause + sooner),
          pause,
          recovered,
          Math.min(failures + 1, MAX_DOUBLINGS),
          early);
    }

    Capture back() {
      return new Capture(began, at, pause, true, failures, early);
    }
  }

  private long period;
  private long confirm;
  private final long cooldown;
  private final Map<Long, Capture> captured = new HashMap<>();
  private long capturedAt = Long.MIN_VALUE;
  private long censusAt = Long.MIN_VALUE;
  private boolean followUp;
  private boolean stale;

  /** Censuses that have failed since one did not. */
  private int failures;

  /** Whether a queue was stalled by the last census: a pass does not tell that it is over. */
  private boolean stoodStill;

  Schedule(DaemonOptions options) {
    change(options);
    this.cooldown = options.cooldown().toNanos();
  }

  /** From now on the census period and the confirm time of these count. */
  final void change(DaemonOptions options) {
    period = options.censusPeriod().toNanos();
    confirm = options.settings().confirm().toNanos();
  }

  /** Notes that a census failed: the next one waits longer for each that did in a row. */
  void uncounted(List<QueueVerdict> verdicts, long now) {
    counted(verdicts, Math.min(failures + 1, MAX_DOUBLINGS), now);
  }

  /** Notes that a census was completed. */
  void counted(List<QueueVerdict> verdicts, long now) {
    counted(verdicts, 0, now);
  }

  private void counted(List<QueueVerdict> verdicts, int failed, long now) {
    failures = failed;
    // A packet that waits is what every busy queue shows now and then; only a second look tells.
    // That is worth it where buffers may be what is missing: for all else the next census serves.
    boolean waits =
        verdicts.stream()
            .anyMatch(
                verdict ->
                    verdict.queue() != null
                        && verdict.queue().mayNotFit()
                        && verdict.verdict() != Verdict.STALLED);
    followUp = waits && !followUp;
    censusAt = now;
    stale = false;
    stoodStill = false;
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
    stoodStill |=
        verdicts.stream().anyMatch(v -> v.verdict() == Verdict.STALLED && !v.longStalled(now));
    long since = now - censusAt;
    if (since < Math.min(CENSUS_SPACING << failures, LONGEST_SPACING)) {
      return false;
    }
    boolean stands = verdicts.stream().anyMatch(v -> v.longStalled(now) && !v.unused());
    if (stale
        || ((wanted || stoodStill) && since >= CENSUS_SUSPICIOUS)
        || since >= (stands ? Math.min(period, CENSUS_STANDING) : period)
        || (followUp && since >= confirm + SECOND / 2)) {
      return true;
    }
    for (QueueVerdict verdict : verdicts) {
      SpinCounters spin = verdict.spin();
      boolean livelocked = verdict.verdict() == Verdict.LIVELOCKED;
      boolean nameless = spin != null && verdict.queue() == null;
      boolean goesOn = spin != null && now - spin.seen() <= SILENT;
      // Passes of which censuses have to tell what they are.
      boolean untold = verdict.verdict() == Verdict.UNKNOWN && goesOn;
      // What waits at the head of a livelocked queue came with the livelock.
      boolean older = livelocked && censusAt < verdict.since();
      // Passes that do not go on may mean that it is over; only a census tells of one that is kept
      // from its CPU.
      boolean silent = livelocked && spin != null && !goesOn;
      boolean suspicious =
          silent
              || untold
              || kicked(verdict)
              || (!sentinelSpeaks && (livelocked || verdict.cpuShare() >= 0.5));
      if (nameless || older || (suspicious && since >= CENSUS_SUSPICIOUS)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns whether the last census found a packet waiting at a harmless queue that has made passes
   * since and not moved: a guest that kicked, and does not now.
   */
  private boolean kicked(QueueVerdict verdict) {
    SpinCounters spin = verdict.spin();
    CensusQueue queue = verdict.queue();
    return (verdict.verdict() == Verdict.HEALTHY || verdict.verdict() == Verdict.BUSY)
        && spin != null
        && queue != null
        && queue.packetWaits()
        && spin.standsAt(queue)
        && spin.seen() > censusAt;
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

  /**
   * Returns those of these workers that were not captured of late; empty if there are none.
   *
   * @param room how many there may be
   */
  Set<Integer> stacksDue(List<UnexplainedWorker> unexplained, int room, long now) {
    Set<Integer> due = new TreeSet<>();
    for (UnexplainedWorker found : unexplained) {
      Capture last = captured.get(key(found));
      if (due.size() < room && (last == null || now - last.at() >= last.pause())) {
        due.add(found.worker().tid());
      }
    }
    return due;
  }

  /** A thread id is positive, and the address of a queue, as all of the kernel's, is not. */
  private static long key(UnexplainedWorker found) {
    return found.worker().tid();
  }

  private boolean cool(QueueVerdict verdict, boolean look, long now) {
    Capture last = captured.get(verdict.vq());
    if (last == null) {
      return true;
    }
    long pause = last.pause();
    if (last.recovered() && verdict.verdict() == Verdict.LIVELOCKED) {
      pause = Math.min(pause, last.early() == 0 ? 0 : LOOK_SPACING << (last.early() - 1));
    }
    if (outlasts(verdict, last, now)) {
      // Without BTF only a capture makes a livelock of it: what lasts must not wait for long.
      boolean lasts = now - verdict.since() >= LOOK_SPACING;
      pause = Math.min(pause, lasts ? LONG_SPIN_SPACING : LOOK_SPACING << last.early());
    }
    if (look) {
      pause = Math.min(pause, LOOK_SPACING);
    }
    return now - last.at() >= pause;
  }

  /**
   * Returns whether it spins for long, since after the last capture was begun: then what that says
   * against a livelock may be of the traffic before.
   */
  private boolean outlasts(QueueVerdict verdict, Capture last, long now) {
    return verdict.verdict() == Verdict.SPINNING
        && last.failures() == 0
        && verdict.since() > last.began()
        && now - verdict.since() >= confirm + SECOND;
  }

  /** Notes that a capture of these workers began. */
  void captured(
      List<QueueVerdict> verdicts,
      List<UnexplainedWorker> unexplained,
      Set<Integer> workers,
      long now) {
    captured.values().removeIf(last -> now - last.at() >= 2 * LONGEST_COOLDOWN);
    capturedAt = now;
    Set<Integer> queues = new TreeSet<>(workers);
    for (UnexplainedWorker found : unexplained) {
      // Its queues do not spin: should they, their own capture must not wait for that.
      if (queues.remove(found.worker().tid())) {
        captured(key(found), now);
      }
    }
    for (QueueVerdict verdict : verdicts) {
      if (queues.contains(verdict.tid())) {
        captured(verdict.vq(), now);
      }
    }
  }

  private void captured(long key, long now) {
    captured.merge(key, Capture.first(now, cooldown), (last, first) -> last.next(now));
  }

  /**
   * Notes what came of the capture. Where it showed no spin, or not where a worker is, it may be
   * tried again, but not at once, and after a longer pause each time.
   */
  void captureEnded(boolean spin, boolean stack, long now) {
    captured.replaceAll(
        (key, last) ->
            last.at() != capturedAt
                ? last
                : (key > 0 ? stack : spin) ? last.well() : last.ill(now));
  }

  /**
   * Notes that a queue is out of trouble: its next livelock is captured before its time, the first
   * one at once, and what the last census said of it is out of date.
   */
  void recovered(long vq) {
    captured.computeIfPresent(vq, (same, last) -> last.back());
    stale = true;
  }

  /** Notes that a queue in trouble is gone: the next one at its address is another. */
  void gone(long vq) {
    captured.remove(vq);
    stale = true;
  }
}
