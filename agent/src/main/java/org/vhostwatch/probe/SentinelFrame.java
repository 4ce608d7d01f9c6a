package org.vhostwatch.probe;

import java.util.List;

/**
 * One frame of the sentinel: between its {@code tick} and {@code end} lines.
 *
 * @param kernelNanos CLOCK_MONOTONIC of the tick
 * @param queues queues that have spun since the sentinel was attached; empty on a healthy host
 */
public record SentinelFrame(long kernelNanos, List<SpinCounters> queues) {

  public SentinelFrame {
    queues = List.copyOf(queues);
  }
}
