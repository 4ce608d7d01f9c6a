package org.vhostwatch.snapshot;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.vhostwatch.probe.Evidence;

/**
 * What all captures have counted. Immutable.
 *
 * @param getRxBufsZero returns of 0 from get_rx_bufs, measured or derived
 * @param getRxBufsPositive returns above 0
 * @param getRxBufsError returns below 0
 * @param peekLengths packet lengths in bytes, with how often each was peeked
 * @param descriptorHeads descriptor fetches that gave a head
 * @param descriptorEmpty fetches that found the ring empty
 * @param descriptorErrors fetches that failed
 */
public record CaptureTotals(
    long getRxBufsZero,
    long getRxBufsPositive,
    long getRxBufsError,
    SortedMap<Long, Long> peekLengths,
    long descriptorHeads,
    long descriptorEmpty,
    long descriptorErrors) {

  /** Nothing captured. */
  public static final CaptureTotals NONE = new CaptureTotals(0, 0, 0, new TreeMap<>(), 0, 0, 0);

  private static final int MAX_LENGTHS = 4096;

  /**
   * Returns these totals with a capture added.
   *
   * @param ring the queue's ring size, which a fetch from an empty ring returns; 0 if not known
   */
  public CaptureTotals plus(Evidence evidence, int ring) {
    SortedMap<Long, Long> lengths = new TreeMap<>(peekLengths);
    evidence
        .peek()
        .forEach(
            (length, count) -> {
              if (lengths.size() < MAX_LENGTHS || lengths.containsKey(length)) {
                lengths.merge(length, count, Long::sum);
              }
            });
    Map<Long, Long> fetched = evidence.descriptors();
    long empty = ring == 0 ? 0 : fetched.getOrDefault((long) ring, 0L);
    long errors = sum(evidence.descriptors().headMap(0L));
    return new CaptureTotals(
        getRxBufsZero + evidence.getRxBufs().getOrDefault(0L, 0L),
        getRxBufsPositive + sum(evidence.getRxBufs().tailMap(1L)),
        getRxBufsError + sum(evidence.getRxBufs().headMap(0L)),
        lengths,
        descriptorHeads + sum(fetched) - empty - errors,
        descriptorEmpty + empty,
        descriptorErrors + errors);
  }

  private static long sum(Map<Long, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }
}
