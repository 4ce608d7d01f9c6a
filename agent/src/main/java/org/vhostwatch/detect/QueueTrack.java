package org.vhostwatch.detect;

import org.jspecify.annotations.Nullable;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.SpinCounters;

/**
 * All that is known of one queue: each part is absent until it was seen.
 *
 * @param missed whether the last census did not list it, though its worker lives
 */
record QueueTrack(
    long vq,
    @Nullable Stillness census,
    @Nullable SpinTrack spin,
    @Nullable Evidence evidence,
    boolean missed) {

  static QueueTrack of(long vq) {
    return new QueueTrack(vq, null, null, null, false);
  }

  QueueTrack with(CensusQueue queue, long now) {
    return new QueueTrack(
        vq,
        census == null ? Stillness.first(queue, now) : census.next(queue, now),
        spin,
        evidence,
        false);
  }

  /**
   * @param before what the counters were when another queue had this address, null if none had
   */
  QueueTrack with(SpinCounters counters, @Nullable SpinCounters before, long kernelNanos) {
    SpinTrack known = spin == null && before != null ? SpinTrack.after(before, counters) : spin;
    SpinTrack next =
        known == null ? SpinTrack.first(counters, kernelNanos) : known.next(counters, kernelNanos);
    return new QueueTrack(vq, census, next, evidence, missed);
  }

  QueueTrack withoutSentinel() {
    return new QueueTrack(
        vq, census, spin == null ? null : spin.withoutSentinel(), evidence, missed);
  }

  /** Returns this track with an earlier spin as the beginning of this one. */
  QueueTrack goingOn(SpinTrack earlier) {
    return new QueueTrack(
        vq, census, spin == null ? null : spin.goingOn(earlier), evidence, missed);
  }

  QueueTrack with(Evidence captured) {
    return new QueueTrack(vq, census, spin, captured, missed);
  }

  /** Returns whether censuses have found the same packet waiting, and nothing moving. */
  boolean standsStill() {
    return census != null && census.nanos() > 0;
  }

  /**
   * Returns this track, with its queue known to stand still without a spin when a frame was made.
   */
  QueueTrack told(long frame) {
    return census == null ? this : new QueueTrack(vq, census.told(frame), spin, evidence, missed);
  }

  QueueTrack asMissed() {
    return new QueueTrack(vq, census, spin, evidence, true);
  }

  /** Returns the worker: as the census read it, else the thread that made the last pass. */
  int worker() {
    if (census != null && census.latest().workerTid() != 0) {
      return census.latest().workerTid();
    }
    if (spin != null) {
      return spin.latest().tid();
    }
    return evidence != null ? evidence.tid() : 0;
  }
}
