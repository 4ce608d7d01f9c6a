package org.vhostwatch.probe;

import java.util.Map;

/** One line of bpftrace's output, understood. */
public sealed interface Message {

  /** What a {@code printf} of the script wrote, without the line end. */
  record Printf(String text) implements Message {}

  /**
   * A map. Where bpftrace says a key twice, because it was read while it changed, the last one
   * stands.
   *
   * @param name with the at sign, as {@code @passes}
   * @param entries values by key as bpftrace writes it; the key of a scalar is empty
   */
  record MapDump(String name, Map<String, Long> entries) implements Message {
    public MapDump {
      entries = Map.copyOf(entries);
    }
  }

  /** Events that bpftrace says it lost. */
  record LostEvents(long count) implements Message {}

  /** A message of another kind, or a line that is not JSON: blank, a warning, plain text. */
  record Other(String text) implements Message {}

  /** A line that claims to be JSON and cannot be read. */
  record Rejected(String reason) implements Message {}
}
