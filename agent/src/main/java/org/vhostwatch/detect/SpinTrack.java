package org.vhostwatch.detect;

import org.vhostwatch.probe.SpinCounters;

/**
 * One queue's spins, over restarts of the sentinel.
 *
 * @param latest what the sentinel said last, with the longest episode since this queue was first
 *     seen to spin
 * @param left the longest episode of another queue that had the address, nanoseconds
 * @param episodes episodes since this queue was first seen to spin
 * @param passes passes since then
 * @param spunNanos time spent in episodes since then, nanoseconds
 * @param spunRate {@code spunNanos} over kernel time
 * @param episodeRate {@code episodes} over kernel time
 * @param passRate {@code passes} over kernel time
 * @param rateAtPass passes a second over the last second or two, when the last pass was seen
 * @param shareAtPass share of time spent in spins over the last seconds, when the last pass was
 *     seen
 */
record SpinTrack(
    SpinCounters latest,
    long left,
    long episodes,
    long passes,
    long spunNanos,
    Rate spunRate,
    Rate episodeRate,
    Rate passRate,
    double rateAtPass,
    double shareAtPass) {

  /** One spin, however long, is no habit; its end is the end. */
  private static final long HABIT = 3;

  private static final long WINDOW_NANOS = 4_000_000_000L;

  /** Short: what a burst did must not count for the kicks that come long after it. */
  private static final long PASS_WINDOW_NANOS = 1_000_000_000L;

  static SpinTrack first(SpinCounters seen, long kernelNanos) {
    // The window starts with the episode, so that what was spun before the first frame counts.
    Rate rate = Rate.first(Math.min(seen.start(), kernelNanos), 0);
    long spun = seen.spunNanos();
    Rate spunRate = rate.next(WINDOW_NANOS, kernelNanos, spun);
    Rate passRate =
        new Rate(
            Math.min(seen.start(), kernelNanos),
            seen.passesBefore(),
            kernelNanos,
            seen.passes(),
            kernelNanos,
            seen.passes());
    return new SpinTrack(
        seen,
        0,
        seen.episodes(),
        seen.passes(),
        spun,
        spunRate,
        rate.next(WINDOW_NANOS, kernelNanos, seen.episodes()),
        passRate,
        perSecond(passRate),
        share(spunRate));
  }

  /** Returns the track of a queue whose address another queue had, which left these counters. */
  static SpinTrack after(SpinCounters left, SpinCounters seen) {
    Rate rate = Rate.first(seen.start(), 0);
    return new SpinTrack(
        left.withLongest(0), left.lengths().longest(), 0, 0, 0, rate, rate, rate, 0, 0);
  }

  SpinTrack next(SpinCounters seen, long kernelNanos) {
    boolean restarted = seen.passes() < latest.passes() || seen.episodes() < latest.episodes();
    // The maps of a frame are not read at one instant: a difference can be a little below zero.
    long spun =
        spunNanos
            + (restarted ? seen.spunNanos() : Math.max(0, seen.spunNanos() - latest.spunNanos()));
    long begun = episodes + (restarted ? seen.episodes() : seen.episodes() - latest.episodes());
    long above = restarted ? 0 : left;
    long longest = seen.lengths().longest() > above ? seen.lengths().longest() : 0;
    Rate rate = spunRate.next(WINDOW_NANOS, kernelNanos, spun);
    long made = passes + (restarted ? seen.passes() : seen.passes() - latest.passes());
    Rate madeRate = passRate.next(PASS_WINDOW_NANOS, kernelNanos, made);
    boolean passed = seen.passes() != latest.passes();
    return new SpinTrack(
        seen.withLongest(Math.max(longest, latest.lengths().longest())),
        above,
        begun,
        made,
        spun,
        rate,
        episodeRate.next(WINDOW_NANOS, kernelNanos, begun),
        madeRate,
        passed ? perSecond(madeRate) : rateAtPass,
        passed ? share(rate) : shareAtPass);
  }

  /** Returns whether several spins began over the last seconds. */
  boolean repeats() {
    return episodeRate.growth() >= HABIT;
  }

  /** Returns the share of time spent in spins over the last seconds, 0 to 1. */
  double share() {
    return share(spunRate);
  }

  private static double perSecond(Rate passRate) {
    double rate = passRate.perNano() * 1e9;
    return Double.isNaN(rate) ? 0 : rate;
  }

  private static double share(Rate spunRate) {
    double share = spunRate.perNano();
    return Double.isNaN(share) ? 0 : Math.min(1, Math.max(0, share));
  }
}
