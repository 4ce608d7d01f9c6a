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
 * @param passed whether there were passes between the last two readings that time went by between
 * @param detached whether the sentinel is gone that said {@code latest}: the next begins at zero
 * @param restart first pass of the episode that goes on with an earlier one, which another sentinel
 *     saw or a long wait for the CPU cut short; 0 for none
 * @param before when that earlier one began
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
    double shareAtPass,
    boolean passed,
    boolean detached,
    long restart,
    long before) {

  /** One spin, however long, is no habit; its end is the end. */
  private static final long HABIT = 3;

  private static final long WINDOW_NANOS = 4_000_000_000L;

  /** Short: what a burst did must not count for the kicks that come long after it. */
  private static final long PASS_WINDOW_NANOS = 1_000_000_000L;

  static SpinTrack first(SpinCounters seen, long kernelNanos) {
    long at = readAt(seen, kernelNanos);
    // The window starts with the episode, so that what was spun before the first frame counts.
    Rate rate = Rate.first(seen.start(), 0);
    long spun = seen.spunNanos();
    Rate spunRate = rate.next(WINDOW_NANOS, at, spun);
    Rate passRate =
        new Rate(seen.start(), seen.passesBefore(), at, seen.passes(), at, seen.passes());
    return new SpinTrack(
        seen.withLongest(seen.longestNanos()),
        0,
        seen.episodes(),
        seen.passes(),
        spun,
        spunRate,
        rate.next(WINDOW_NANOS, at, seen.episodes()),
        passRate,
        perSecond(passRate),
        share(spunRate),
        true,
        false,
        0,
        0);
  }

  /** Returns the track of a queue whose address another queue had, which left these counters. */
  static SpinTrack after(SpinCounters left, SpinCounters seen) {
    Rate rate = Rate.first(seen.start(), 0);
    return new SpinTrack(
        left.withLongest(0),
        left.lengths().longest(),
        0,
        0,
        0,
        rate,
        rate,
        rate,
        0,
        0,
        false,
        false,
        0,
        0);
  }

  SpinTrack next(SpinCounters seen, long kernelNanos) {
    boolean restarted =
        detached || seen.passes() < latest.passes() || seen.episodes() < latest.episodes();
    // The maps of a frame are not read at one instant: a difference can be a little below zero.
    long spun =
        spunNanos
            + (restarted ? seen.spunNanos() : Math.max(0, seen.spunNanos() - latest.spunNanos()));
    long begun = episodes + (restarted ? seen.episodes() : seen.episodes() - latest.episodes());
    long above = restarted ? 0 : left;
    long longest = seen.lengths().longest() > above ? seen.lengths().longest() : 0;
    long made = passes + (restarted ? seen.passes() : seen.passes() - latest.passes());
    // What nobody counted was no calm: windows begin with the first pass that the new one saw.
    long from = seen.start();
    long at = readAt(seen, kernelNanos);
    Rate rate = (restarted ? Rate.first(from, spunNanos) : spunRate).next(WINDOW_NANOS, at, spun);
    Rate madeRate =
        (restarted ? Rate.first(from, passes + seen.passesBefore()) : passRate)
            .next(PASS_WINDOW_NANOS, at, made);
    Rate begunRate =
        (restarted ? Rate.first(from, episodes) : episodeRate).next(WINDOW_NANOS, at, begun);
    boolean more = restarted || seen.passes() != latest.passes();
    // Where the script prints no lengths, the last episode of each frame is what is known.
    long present = more ? seen.episodeNanos() : 0;
    return new SpinTrack(
        seen.withLongest(Math.max(present, Math.max(longest, latest.lengths().longest()))),
        above,
        begun,
        made,
        spun,
        rate,
        begunRate,
        madeRate,
        more ? perSecond(madeRate) : rateAtPass,
        more ? share(rate) : shareAtPass,
        more || (passed && at == passRate.at()),
        false,
        restart,
        before);
  }

  /**
   * Returns when the counters were read, as nearly as they tell. bpftrace stamps a frame in the
   * kernel and reads the maps when it gets a CPU: on a crowded host seconds later, and then for
   * several frames at once, between which passes went on for an instant and not for a second.
   */
  private static long readAt(SpinCounters seen, long kernelNanos) {
    return Math.max(kernelNanos, seen.seen());
  }

  SpinTrack withoutSentinel() {
    return with(true, restart, before);
  }

  SpinTrack goingOn(SpinTrack earlier) {
    return with(detached, latest.start(), earlier.start());
  }

  private SpinTrack with(boolean nowDetached, long nowRestart, long nowBefore) {
    return new SpinTrack(
        latest,
        left,
        episodes,
        passes,
        spunNanos,
        spunRate,
        episodeRate,
        passRate,
        rateAtPass,
        shareAtPass,
        passed,
        nowDetached,
        nowRestart,
        nowBefore);
  }

  /** Returns when the last episode began, by whichever sentinel that was seen. */
  long start() {
    return restart != 0 && restart == latest.start() ? before : latest.start();
  }

  /** Returns the length of the last episode so far, in nanoseconds. */
  long nanos() {
    return Math.max(0, latest.seen() - start());
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
