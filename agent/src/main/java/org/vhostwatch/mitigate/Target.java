package org.vhostwatch.mitigate;

import java.util.List;

/**
 * A tap that guests receive through, found by a look at the host.
 *
 * @param name of the tap now; hostile text
 * @param ifindex its index in its namespace, 0 if not known
 * @param netns inode number of its network namespace, 0 if not known: then it is where its process
 *     is, or where we are
 * @param pid a process that uses it, 0 if not known
 * @param vm what that process runs; hostile text
 * @param macvtap whether it is a macvtap or ipvtap device
 * @param lower of a macvtap the device below it, empty if not known; hostile text
 * @param attached whether any of its queues is attached to it: until then the guest's driver has
 *     not started, and what that is to have is not requested yet; true where it is not known
 * @param mergeable whether a guest may spread one packet over several buffers, without which there
 *     is no livelock; true unless it is known of all its queues that they may not
 * @param waiting what waits at the head of its queues already, in words, one a queue
 */
public record Target(
    String name,
    int ifindex,
    long netns,
    int pid,
    String vm,
    boolean macvtap,
    String lower,
    boolean attached,
    boolean mergeable,
    List<String> waiting) {
  public Target {
    waiting = List.copyOf(waiting);
  }
}
