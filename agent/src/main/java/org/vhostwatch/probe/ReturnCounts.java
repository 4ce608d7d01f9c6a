package org.vhostwatch.probe;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the receive path of all workers returned, as often as it was counted. Immutable.
 *
 * @param getRxBufsZero returns of 0 from get_rx_bufs, measured or derived
 * @param getRxBufsPositive returns above 0
 * @param getRxBufsError returns below 0
 * @param peekLengths packet lengths in bytes, exact or rounded up to a bound, with how often each
 *     was peeked
 * @param peekBytes these lengths together, exact
 * @param descriptorHeads descriptor fetches that gave a head
 * @param descriptorEmpty fetches that found the ring empty
 * @param descriptorErrors fetches that failed
 */
public record ReturnCounts(
    long getRxBufsZero,
    long getRxBufsPositive,
    long getRxBufsError,
    SortedMap<Long, Long> peekLengths,
    long peekBytes,
    long descriptorHeads,
    long descriptorEmpty,
    long descriptorErrors) {

  /** Nothing counted. */
  public static final ReturnCounts NONE = new ReturnCounts(0, 0, 0, new TreeMap<>(), 0, 0, 0, 0);

  private static final int MAX_LENGTHS = 4096;

  public ReturnCounts {
    peekLengths = Collections.unmodifiableSortedMap(new TreeMap<>(peekLengths));
  }

  /**
   * Returns what a capture counted.
   *
   * @param ring the queue's ring size, which a fetch from an empty ring returns; 0 if not known
   */
  public static ReturnCounts of(Evidence evidence, int ring) {
    SortedMap<Long, Long> packets = evidence.peek().tailMap(1L);
    long bytes = 0;
    for (Map.Entry<Long, Long> entry : packets.entrySet()) {
      bytes += entry.getKey() * entry.getValue();
    }
    SortedMap<Long, Long> fetched = evidence.descriptors();
    long empty = ring == 0 ? 0 : fetched.getOrDefault((long) ring, 0L);
    long errors = sum(fetched.headMap(0L));
    return new ReturnCounts(
        evidence.getRxBufs().getOrDefault(0L, 0L),
        sum(evidence.getRxBufs().tailMap(1L)),
        sum(evidence.getRxBufs().headMap(0L)),
        packets,
        bytes,
        sum(fetched) - empty - errors,
        empty,
        errors);
  }

  private static long sum(Map<Long, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns the sum. */
  public ReturnCounts plus(ReturnCounts more) {
    SortedMap<Long, Long> lengths = new TreeMap<>(peekLengths);
    more.peekLengths.forEach(
        (length, count) -> {
          if (lengths.size() < MAX_LENGTHS || lengths.containsKey(length)) {
            lengths.merge(length, count, Long::sum);
          }
        });
    return new ReturnCounts(
        getRxBufsZero + more.getRxBufsZero,
        getRxBufsPositive + more.getRxBufsPositive,
        getRxBufsError + more.getRxBufsError,
        lengths,
        peekBytes + more.peekBytes,
        descriptorHeads + more.descriptorHeads,
        descriptorEmpty + more.descriptorEmpty,
        descriptorErrors + more.descriptorErrors);
  }
}
