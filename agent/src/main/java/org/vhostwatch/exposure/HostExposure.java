package org.vhostwatch.exposure;

import java.util.List;

/**
 * The kernel and the queues of a host.
 *
 * @param wallMillis when it was looked, milliseconds since 1970
 * @param release as {@code uname -r}
 * @param kernel whether it has the bug
 * @param queues every queue, or every tap where no census could be taken
 * @param census whether all queues are known
 * @param troubles what could not be read, in words
 */
public record HostExposure(
    long wallMillis,
    String release,
    KernelExposure kernel,
    List<QueueExposure> queues,
    boolean census,
    List<String> troubles) {
  public HostExposure {
    queues = List.copyOf(queues);
    troubles = List.copyOf(troubles);
  }

  /** Returns whether it is certain that no queue of those that are there now can be hit. */
  public boolean noneCanBeHit() {
    return census
        && !queues.isEmpty()
        && queues.stream().allMatch(queue -> queue.reach() == QueueExposure.Reach.CANNOT);
  }
}
