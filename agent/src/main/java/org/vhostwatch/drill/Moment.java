package org.vhostwatch.drill;

import java.time.Instant;

/**
 * One look at the receive queue and its worker.
 *
 * @param wallClock when, by the clock of the host
 * @param monotonicNanos when, by CLOCK_MONOTONIC in nanoseconds: the time that bpftrace's {@code
 *     nsecs} has
 * @param usedIndex index up to which the device has used buffers, 0 to 65535
 * @param posted buffers posted and not used
 * @param workerCpuMillis CPU time of the worker since its start, in milliseconds
 * @param workerWaitedMillis time that it was runnable and had no CPU since its start, in
 *     milliseconds; 0 where the kernel does not count it, and a quota's throttling may be missing
 */
public record Moment(
    Instant wallClock,
    long monotonicNanos,
    int usedIndex,
    int posted,
    long workerCpuMillis,
    long workerWaitedMillis) {

  /** Returns the same moment with another used index. */
  Moment withUsedIndex(int index) {
    return new Moment(
        wallClock, monotonicNanos, index, posted, workerCpuMillis, workerWaitedMillis);
  }
}
