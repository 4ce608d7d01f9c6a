package org.vhostwatch.detect;

import org.jspecify.annotations.Nullable;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.SpinCounters;

/** All that is known of one queue: each part is absent until it was seen. */
record QueueTrack(
    long vq, @Nullable Stillness census, @Nullable SpinTrack spin, @Nullable Evidence evidence) {

  static QueueTrack of(long vq) {
    return new QueueTrack(vq, null, null, null);
  }

  QueueTrack with(CensusQueue queue, long now) {
    return new QueueTrack(
        vq, census == null ? Stillness.first(queue, now) : census.next(queue, now), spin, evidence);
  }

  /**
   * @param before what the counters were when another queue had this address, null if none had
   */
  QueueTrack with(SpinCounters counters, @Nullable SpinCounters before, long kernelNanos) {
    SpinTrack known = spin == null && before != null ? SpinTrack.after(before, counters) : spin;
    SpinTrack next =
        known == null ? SpinTrack.first(counters, kernelNanos) : known.next(counters, kernelNanos);
    return new QueueTrack(vq, census, next, evidence);
  }

  QueueTrack with(Evidence captured) {
    return new QueueTrack(vq, census, spin, captured);
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
