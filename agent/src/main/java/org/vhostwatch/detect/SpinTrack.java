package org.vhostwatch.detect;

import org.vhostwatch.probe.SpinCounters;

/**
 * One queue's spins, over restarts of the sentinel.
 *
 * @param latest what the sentinel said last
 * @param episodes episodes since this queue was first seen to spin
 * @param passes passes since then
 * @param spunNanos time spent in episodes since then, nanoseconds
 * @param spunRate {@code spunNanos} over kernel time
 * @param episodeRate {@code episodes} over kernel time
 */
record SpinTrack(
    SpinCounters latest,
    long episodes,
    long passes,
    long spunNanos,
    Rate spunRate,
    Rate episodeRate) {

  /** One spin, however long, is no habit; its end is the end. */
  private static final long HABIT = 3;

  private static final long WINDOW_NANOS = 4_000_000_000L;

  static SpinTrack first(SpinCounters seen, long kernelNanos) {
    // The window starts with the episode, so that what was spun before the first frame counts.
    Rate rate = Rate.first(Math.min(seen.start(), kernelNanos), 0);
    long spun = seen.spunNanos();
    return new SpinTrack(
        seen,
        seen.episodes(),
        seen.passes(),
        spun,
        rate.next(WINDOW_NANOS, kernelNanos, spun),
        rate.next(WINDOW_NANOS, kernelNanos, seen.episodes()));
  }

  /** Returns the track of a queue whose address another queue had, which left these counters. */
  static SpinTrack after(SpinCounters left, SpinCounters seen) {
    Rate rate = Rate.first(seen.start(), 0);
    return new SpinTrack(left, 0, 0, 0, rate, rate);
  }

  SpinTrack next(SpinCounters seen, long kernelNanos) {
    boolean restarted = seen.passes() < latest.passes() || seen.episodes() < latest.episodes();
    // The maps of a frame are not read at one instant: a difference can be a little below zero.
    long spun =
        spunNanos
            + (restarted ? seen.spunNanos() : Math.max(0, seen.spunNanos() - latest.spunNanos()));
    long begun = episodes + (restarted ? seen.episodes() : seen.episodes() - latest.episodes());
    return new SpinTrack(
        seen,
        begun,
        passes + (restarted ? seen.passes() : seen.passes() - latest.passes()),
        spun,
        spunRate.next(WINDOW_NANOS, kernelNanos, spun),
        episodeRate.next(WINDOW_NANOS, kernelNanos, begun));
  }

  /** Returns whether several spins began over the last seconds. */
  boolean repeats() {
    return episodeRate.growth() >= HABIT;
  }

  /** Returns the share of time spent in spins over the last seconds, 0 to 1. */
  double share() {
    double share = spunRate.perNano();
    return Double.isNaN(share) ? 0 : Math.min(1, Math.max(0, share));
  }
}
