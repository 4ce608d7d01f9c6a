package org.vhostwatch.probe;

/**
 * What the kernel side of the sentinel has counted for one queue since it was attached. All times
 * are CLOCK_MONOTONIC nanoseconds, as {@link System#nanoTime()} gives them on Linux.
 *
 * @param vq address of the queue
 * @param tid worker that made the last pass
 * @param passes passes, all episodes together
 * @param episodes episodes begun; one ends when the used index moves or no pass comes for 3 s
 * @param spunNanos time between passes less than 2 ms apart, all episodes together
 * @param start first pass of the last episode
 * @param passesBefore passes made before the last episode
 * @param seen last pass
 * @param num ring size, 0 where offsets are not known
 * @param usedIdx last_used_idx at the last pass
 * @param availIdx cached avail_idx at the last pass
 * @param lastAvailIdx last_avail_idx at the last pass, before the roll-back
 * @param rolledBack descriptors given back by the last pass
 * @param indices whether the indices were read; false without BTF, where progress is told by calls
 *     of vhost_add_used_and_signal_n
 * @param lengths how long the episodes were; none in recordings of a script that did not print them
 */
public record SpinCounters(
    long vq,
    int tid,
    long passes,
    long episodes,
    long spunNanos,
    long start,
    long passesBefore,
    long seen,
    int num,
    int usedIdx,
    int availIdx,
    int lastAvailIdx,
    int rolledBack,
    boolean indices,
    EpisodeLengths lengths) {

  /**
   * No pass for so long, in kernel time, ends an episode; the scripts use the same figure. A worker
   * that spins may have to wait for a CPU, or be held by a quota.
   */
  public static final long END_NANOS = 3_000_000_000L;

  /**
   * Returns whether the last episode goes on.
   *
   * @param kernelNanos CLOCK_MONOTONIC, at which the counters were read
   */
  public boolean goesOn(long kernelNanos) {
    return kernelNanos - seen <= END_NANOS;
  }

  /** Returns whether its last pass is known to have found the used index where a census did. */
  public boolean standsAt(CensusQueue queue) {
    return indices && usedIdx == queue.lastUsedIdx();
  }

  /** Returns the length of the last episode so far, in nanoseconds. */
  public long episodeNanos() {
    return Math.max(0, seen - start);
  }

  /** Returns the length of the longest episode, in nanoseconds. */
  public long longestNanos() {
    return Math.max(lengths.longest(), episodeNanos());
  }

  /** Returns these counters with another longest episode, in nanoseconds. */
  public SpinCounters withLongest(long longest) {
    return new SpinCounters(
        vq,
        tid,
        passes,
        episodes,
        spunNanos,
        start,
        passesBefore,
        seen,
        num,
        usedIdx,
        availIdx,
        lastAvailIdx,
        rolledBack,
        indices,
        new EpisodeLengths(longest, lengths.total(), lengths.reached()));
  }

  /** Returns the passes of the last episode. */
  public long episodePasses() {
    return Math.max(0, passes - passesBefore);
  }

  /** Returns the passes a second of the last episode, 0 before it has a length. */
  public double passesPerSecond() {
    return episodeNanos() == 0 ? 0 : episodePasses() * 1e9 / episodeNanos();
  }

  /** Returns last_avail_idx after the roll-back of the last pass. */
  public int rewoundAvailIdx() {
    return (lastAvailIdx - rolledBack) & 0xffff;
  }
}
