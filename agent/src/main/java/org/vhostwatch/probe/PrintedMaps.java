package org.vhostwatch.probe;

import java.util.HashMap;
import java.util.Map;

/**
 * The maps of a script. They are cumulative: the last print of a map stands for all. However long
 * bpftrace prints, and whatever, they do not become more.
 */
final class PrintedMaps {

  /** Twice as many as any script has; further names are damage. */
  private static final int MAX_MAPS = 64;

  private final Map<String, Map<String, Long>> maps = new HashMap<>();

  void put(Message.MapDump dump) {
    if (maps.size() < MAX_MAPS || maps.containsKey(dump.name())) {
      maps.put(dump.name(), dump.entries());
    }
  }

  boolean has(String name) {
    return maps.containsKey(name);
  }

  /** Returns a map's entries, none if it was never printed. */
  Map<String, Long> entries(String name) {
    return maps.getOrDefault(name, Map.of());
  }

  /** Returns the value of a key, 0 if there is none. */
  long value(String name, String key) {
    return entries(name).getOrDefault(key, 0L);
  }
}
