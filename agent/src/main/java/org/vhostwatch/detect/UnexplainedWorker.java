package org.vhostwatch.detect;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.Evidence;

/**
 * A worker that uses a CPU although nothing that can be read accounts for it.
 *
 * @param worker the worker as /proc shows it
 * @param since since when that is known, agent's monotonic nanoseconds
 * @param provenUntil the last census that found nothing moved, in the same time
 * @param share share of one CPU that it used over the last seconds, 0 to 1
 * @param waits share of that time in which it was ready and waited for a CPU, 0 to 1
 * @param queues vhost_net receive queues that it serves; 0 for a worker of vhost_vsock or
 *     vhost_scsi
 * @param busyloopMicros longest busy polling that one of those is set to, in microseconds; 0 if
 *     none is
 * @param stacks its kernel stacks of the last capture, most frequent first; empty without one
 */
public record UnexplainedWorker(
    Worker worker,
    long since,
    long provenUntil,
    double share,
    double waits,
    int queues,
    long busyloopMicros,
    List<Evidence.Stack> stacks) {

  /** Functions of the drivers: what begins with {@code vhost_} alone is common to all of them. */
  private static final Pattern WORK =
      Pattern.compile("(handle_[rt]x|vhost_(net|vsock|transport|scsi|vdpa)_)\\w*(\\+.*)?");

  public UnexplainedWorker {
    stacks = List.copyOf(stacks);
  }

  /** Returns for how long censuses prove it, in seconds. */
  public double provenSeconds() {
    return (provenUntil - since) / 1e9;
  }

  /**
   * Where a worker spends its time.
   *
   * @param function a function of the kernel, without offset
   * @param share of the samples, 0 to 1
   */
  public record Place(String function, double share) {}

  /**
   * Returns the function of a driver that most samples were in: the outermost of a stack, which
   * says what the worker was called for. Where no sample was in any, the function that most samples
   * ended in. Empty without a capture.
   */
  public Optional<Place> place() {
    long all = 0;
    Map<String, Long> work = new HashMap<>();
    Map<String, Long> tops = new HashMap<>();
    for (Evidence.Stack stack : stacks) {
      all += stack.samples();
      stack.frames().stream()
          .filter(frame -> WORK.matcher(frame).matches())
          .reduce((inner, outer) -> outer)
          .ifPresent(frame -> work.merge(function(frame), stack.samples(), Long::sum));
      if (!stack.frames().isEmpty()) {
        tops.merge(function(stack.frames().get(0)), stack.samples(), Long::sum);
      }
    }
    long total = all;
    return (work.isEmpty() ? tops : work)
        .entrySet().stream()
            .max(
                Map.Entry.<String, Long>comparingByValue()
                    .thenComparing(Map.Entry.comparingByKey()))
            .map(most -> new Place(most.getKey(), (double) most.getValue() / total));
  }

  private static String function(String frame) {
    int plus = frame.indexOf('+');
    return plus < 0 ? frame : frame.substring(0, plus);
  }
}
