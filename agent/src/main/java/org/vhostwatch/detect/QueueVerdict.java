package org.vhostwatch.detect;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.SpinCounters;

/**
 * What is said of one queue and why.
 *
 * @param vq address of the queue in the kernel, 0 for a worker whose queues are not known
 * @param tid worker, 0 when not known
 * @param verdict the verdict
 * @param confidence how sure it is
 * @param summary one sentence
 * @param criteria what it rests on, in order of weight; empty for harmless verdicts
 * @param since when the present spin or stall began, agent's monotonic nanoseconds; 0 if none
 * @param cpuShare share of one CPU that the worker used over the last seconds, NaN if not known
 * @param episodes spins since the queue was first seen to spin
 * @param passes passes since then
 * @param spunNanos time spent spinning since then
 * @param worker the worker as /proc shows it
 * @param queue the last census reading
 * @param spin the last sentinel reading
 * @param evidence the last capture
 */
public record QueueVerdict(
    long vq,
    int tid,
    Verdict verdict,
    Confidence confidence,
    String summary,
    List<Criterion> criteria,
    long since,
    double cpuShare,
    long episodes,
    long passes,
    long spunNanos,
    @Nullable Worker worker,
    @Nullable CensusQueue queue,
    @Nullable SpinCounters spin,
    @Nullable Evidence evidence) {

  /** How long a stall is news. */
  private static final Duration NEWS = Duration.ofMinutes(5);

  /** The same of an interface that was not brought up: a guest that starts does that before. */
  private static final Duration UNUSED_NEWS = Duration.ofMinutes(1);

  public QueueVerdict {
    criteria = List.copyOf(criteria);
  }

  /**
   * Returns whether it has stood still for so long that it is a state and no event: nobody has to
   * hurry to see its end.
   *
   * @param now agent's monotonic nanoseconds
   */
  public boolean longStalled(long now) {
    return verdict == Verdict.STALLED && now - since >= (unused() ? UNUSED_NEWS : NEWS).toNanos();
  }

  /** Returns whether it is stalled because the guest has not brought the interface up. */
  public boolean unused() {
    return verdict == Verdict.STALLED && queue != null && queue.unused();
  }
}
