package org.vhostwatch.probe;

import java.util.Set;

/**
 * What a capture measures on this kernel.
 *
 * @param workers thread ids of the captured workers
 * @param indices whether the queue's indices are read
 * @param getRxBufs whether get_rx_bufs itself can be probed; else its returns are derived
 * @param peekFunction the function whose returns are packet lengths, empty when there is none
 * @param descriptorFunction the function that fetches descriptors, empty when there is none
 * @param recvmsg whether calls of the socket's receive function are counted
 * @param signalled whether calls of vhost_add_used_and_signal_n are counted
 * @param gaveUp whether calls of vhost_exceeds_weight are
 */
public record EvidencePlan(
    Set<Integer> workers,
    boolean indices,
    boolean getRxBufs,
    String peekFunction,
    String descriptorFunction,
    boolean recvmsg,
    boolean signalled,
    boolean gaveUp) {
  public EvidencePlan {
    workers = Set.copyOf(workers);
  }

  /** Returns the same of other workers. */
  EvidencePlan of(Set<Integer> others) {
    return new EvidencePlan(
        others, indices, getRxBufs, peekFunction, descriptorFunction, recvmsg, signalled, gaveUp);
  }
}
