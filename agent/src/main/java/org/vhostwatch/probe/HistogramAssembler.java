package org.vhostwatch.probe;

import java.util.SortedMap;
import java.util.TreeMap;

/** Makes counts of what histograms.bt prints. The last print of a map stands for all. */
public final class HistogramAssembler {

  private static final String ZERO = "0";
  private static final String POSITIVE = "1";
  private static final String ERROR = "2";

  private final PrintedMaps maps = new PrintedMaps();

  /** Takes a message; what is not of that script is left alone. */
  public void accept(Message message) {
    if (message instanceof Message.MapDump dump
        && (dump.name().startsWith("@all_") || dump.name().equals("@passes"))) {
      maps.put(dump);
    }
  }

  /**
   * Returns what was counted so far. Where get_rx_bufs is inlined, a pass was a return of 0 and a
   * packet received one above it.
   */
  public ReturnCounts counts() {
    boolean derived = !maps.has("@all_get_rx");
    long passes = maps.entries("@passes").values().stream().mapToLong(Long::longValue).sum();
    long received = maps.value("@all_recvmsg", "") + maps.value("@all_recvmsg_tap", "");
    return new ReturnCounts(
        derived ? passes : maps.value("@all_get_rx", ZERO),
        derived ? received : maps.value("@all_get_rx", POSITIVE),
        maps.value("@all_get_rx", ERROR),
        lengths(),
        maps.value("@all_bytes", ""),
        maps.value("@all_desc", POSITIVE),
        maps.value("@all_desc", ZERO),
        maps.value("@all_desc", ERROR));
  }

  private SortedMap<Long, Long> lengths() {
    SortedMap<Long, Long> lengths = new TreeMap<>();
    maps.entries("@all_peek")
        .forEach(
            (bound, count) -> {
              try {
                lengths.put(Numbers.parse(bound), count);
              } catch (NumberFormatException e) {
                // Our script has numbers only: a key that is none is damaged, and its entry with
                // it.
              }
            });
    return lengths;
  }
}
