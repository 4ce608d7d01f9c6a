package org.vhostwatch.probe;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes frames of the sentinel's messages: {@code tick N}, maps, {@code end N}. A map that is
 * missing from a frame keeps its values, because the scripts never clear one: it was empty, or its
 * print was lost.
 */
public final class SentinelAssembler {

  private static final int MAX_QUEUES = 65_536;

  private final boolean indices;
  private final Map<String, Map<String, Long>> maps = new HashMap<>();
  private long tick;
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
      maps.put(dump.name(), dump.entries());
    } else if (message instanceof Message.Printf printf) {
      if (printf.text().startsWith("tick ")) {
        tick = stamp(printf.text());
        open = tick > 0;
      } else if (printf.text().startsWith("end ") && open) {
        open = false;
        return Optional.of(frame());
      }
    }
    return Optional.empty();
  }

  /** Returns the frame that the exit left open: bpftrace prints all maps once more as it ends. */
  public Optional<SentinelFrame> finish() {
    if (!open) {
      return Optional.empty();
    }
    open = false;
    return Optional.of(frame());
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
    for (Map.Entry<String, Long> entry : map("@passes").entrySet()) {
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
              (int) value("@worker", key),
              entry.getValue(),
              value("@episodes", key),
              value("@spun", key),
              value("@start", key),
              value("@before", key),
              value("@seen", key),
              (int) value("@num", key),
              (int) value("@used", key),
              (int) value("@avail", key),
              (int) value("@last", key),
              (int) value("@back", key),
              indices));
    }
    return new SentinelFrame(tick, queues);
  }

  private Map<String, Long> map(String name) {
    return maps.getOrDefault(name, Map.of());
  }

  private long value(String map, String key) {
    return map(map).getOrDefault(key, 0L);
  }
}
