package org.vhostwatch.probe;

import java.util.List;
import java.util.SortedMap;

/**
 * What a targeted capture on some workers saw, for one queue that spun in it.
 *
 * @param vq address of the queue
 * @param tid worker
 * @param from first pass seen, CLOCK_MONOTONIC nanoseconds
 * @param to last pass seen
 * @param passes passes seen
 * @param episodes episodes among them: 1 says that the used index stood still all the time
 * @param rolledBack descriptors given back per pass, with how often
 * @param getRxBufs returns of get_rx_bufs, with how often
 * @param getRxBufsDerived whether those were derived because the function is inlined
 * @param peek returns of the peek function: the length of the packet at the head
 * @param peekFunction the function that was probed, empty when none could be
 * @param descriptors returns of the fetch function: heads, ring size for "empty", errors below 0
 * @param descriptorFunction the function that was probed, empty when none could be
 * @param enableNotify returns of vhost_enable_notify
 * @param recvmsg calls of the socket's receive function by this worker, -1 when not measurable
 * @param signalled calls of vhost_add_used_and_signal_n by this worker, -1 when not measurable
 * @param gaveUp calls of vhost_exceeds_weight with 256 packets and 0 bytes, -1 when not measurable
 * @param stacks kernel stacks of the worker, most frequent first
 */
public record Evidence(
    long vq,
    int tid,
    long from,
    long to,
    long passes,
    long episodes,
    SortedMap<Long, Long> rolledBack,
    SortedMap<Long, Long> getRxBufs,
    boolean getRxBufsDerived,
    SortedMap<Long, Long> peek,
    String peekFunction,
    SortedMap<Long, Long> descriptors,
    String descriptorFunction,
    SortedMap<Long, Long> enableNotify,
    long recvmsg,
    long signalled,
    long gaveUp,
    List<Stack> stacks) {

  public Evidence {
    stacks = List.copyOf(stacks);
  }

  /** A kernel stack, innermost frame first, and how many samples had it. */
  public record Stack(long samples, List<String> frames) {
    public Stack {
      frames = List.copyOf(frames);
    }
  }

  /** Returns the time between the first and the last pass, in nanoseconds. */
  public long nanos() {
    return Math.max(0, to - from);
  }

  /** Returns passes a second, 0 when too few were seen to tell. */
  public double passesPerSecond() {
    return passes < 2 || nanos() == 0 ? 0 : (passes - 1) * 1e9 / nanos();
  }
}
