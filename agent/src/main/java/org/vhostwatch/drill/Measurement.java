package org.vhostwatch.drill;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the drill saw between the onset (or the start of the traffic) and the refill (or the end).
 *
 * @param workers thread ids of the device's workers; empty when none was found
 * @param onset the sending of the frame, with the used index as it stood 100 ms later; or the start
 *     of the traffic
 * @param end last look, before the refill
 * @param runnableLooks how often the worker was found runnable between the two, on a CPU or not, of
 *     some looks while it starved; 0 with a slow or healthy guest, where nobody looks
 * @param delivered whether the waiting frame arrived after the refill; with a slow or healthy
 *     guest: whether any frame arrived. (Their used index may wrap to where it was.)
 * @param recovery time from the refill to the arrival of the frame; null when it did not arrive
 * @param interrupted whether a signal ended the drill early
 */
public record Measurement(
    List<Integer> workers,
    Moment onset,
    Moment end,
    int runnableLooks,
    boolean delivered,
    @Nullable Duration recovery,
    boolean interrupted) {

  /** Copies the list. */
  public Measurement {
    workers = List.copyOf(workers);
  }

  /** Returns the time between the two looks in seconds. */
  public double seconds() {
    return (end.monotonicNanos() - onset.monotonicNanos()) / 1e9;
  }

  /** Returns the share of one CPU that the workers used: 0 to 1, more with several workers. */
  public double cpuShare() {
    return share(end.workerCpuMillis() - onset.workerCpuMillis());
  }

  /**
   * Returns the share of the time that the workers waited for a CPU, in the unit of {@link
   * #cpuShare()}.
   */
  public double waitedShare() {
    return share(end.workerWaitedMillis() - onset.workerWaitedMillis());
  }

  private double share(long millis) {
    return seconds() <= 0 ? 0 : millis / 1000.0 / seconds();
  }

  /** Returns whether the device used no buffer at all between the two looks. */
  public boolean usedIndexStoodStill() {
    return onset.usedIndex() == end.usedIndex();
  }
}
