package org.vhostwatch.probe;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes frames of the sentinel's messages: {@code tick N}, maps, {@code end N}; or {@code calm N},
 * if no map has changed. A map that is missing from a frame keeps its values, because the scripts
 * never clear one: it was empty, or its print was lost.
 */
public final class SentinelAssembler {

  private static final int MAX_QUEUES = 65_536;

  private static final String SEEN = "@seen";

  /** After so many lost prints nothing is known any more. */
  private static final long MAX_LATE_NANOS = 30_000_000_000L;

  /** In the order of {@link EpisodeLengths#BOUNDS}. */
  private static final List<String> OVER =
      List.of("@over_1ms", "@over_10ms", "@over_100ms", "@over_1s", "@over_10s");

  private final boolean indices;
  private final PrintedMaps maps = new PrintedMaps();
  private long tick;

  /** The tick of the last frame that was whole. */
  private long framed;

  /** The tick of the last frame that had the map of last passes. */
  private long seenAt;

  private boolean open;

  /**
   * @param indices whether the script reads the queue's indices (BTF) or counts calls
   */
  public SentinelAssembler(boolean indices) {
    this.indices = indices;
  }

  /** Takes a message; returns a frame when it ends one. */
  public Optional<SentinelFrame> accept(Message message) {
    if (message instanceof Message.MapDump dump && dump.entries().size() <= MAX_QUEUES) {
      maps.put(dump);
      seenAt = dump.name().equals(SEEN) ? tick : seenAt;
    } else if (message instanceof Message.Printf printf) {
      if (printf.text().startsWith("tick ")) {
        tick = stamp(printf.text());
        open = tick > 0;
      } else if (printf.text().startsWith("calm ") && stamp(printf.text()) > 0) {
        open = false;
        tick = stamp(printf.text());
        framed = tick;
        seenAt = tick;
        return Optional.of(frame());
      } else if (printf.text().startsWith("end ") && open) {
        open = false;
        framed = tick;
        return Optional.of(frame());
      }
    }
    return Optional.empty();
  }

  /**
   * Returns the frame that the exit left open: bpftrace prints all maps once more as it ends. By
   * then it has taken its probes away one after the other, which can last for seconds in which
   * nothing is counted: so the frame is of the time of the last pass, or of the frame before.
   */
  public Optional<SentinelFrame> finish() {
    if (!open) {
      return Optional.empty();
    }
    open = false;
    SentinelFrame last = frame();
    long pass = last.queues().stream().mapToLong(SpinCounters::seen).max().orElse(tick);
    return Optional.of(new SentinelFrame(Math.max(framed, pass), last.queues()));
  }

  private static long stamp(String text) {
    try {
      return Numbers.parse(text.substring(text.indexOf(' ') + 1));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private SentinelFrame frame() {
    List<SpinCounters> queues = new ArrayList<>();
    for (Map.Entry<String, Long> entry : maps.entries("@passes").entrySet()) {
      String key = entry.getKey();
      long vq;
      try {
        vq = Numbers.parse(key);
      } catch (NumberFormatException e) {
        continue;
      }
      queues.add(
          new SpinCounters(
              vq,
              (int) maps.value("@worker", key),
              entry.getValue(),
              maps.value("@episodes", key),
              maps.value("@spun", key),
              maps.value("@start", key),
              maps.value("@before", key),
              maps.value(SEEN, key),
              (int) maps.value("@num", key),
              (int) maps.value("@used", key),
              (int) maps.value("@avail", key),
              (int) maps.value("@last", key),
              (int) maps.value("@back", key),
              indices,
              new EpisodeLengths(
                  maps.value("@longest", key),
                  maps.value("@length", key),
                  OVER.stream().map(map -> maps.value(map, key)).toList())));
    }
    // Where the last passes were not printed, the new tick would make old ones of them: the frame
    // is of the time they were read at.
    boolean late = !queues.isEmpty() && tick - seenAt <= MAX_LATE_NANOS;
    return new SentinelFrame(late ? seenAt : tick, queues);
  }
}
