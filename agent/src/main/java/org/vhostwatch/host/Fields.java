package org.vhostwatch.host;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The lines {@code name: value} of a file such as /proc/PID/status or /proc/PID/fdinfo/FD. Of
 * several lines with one name the first counts.
 */
public final class Fields {

  private static final int MAX_DIGITS = 18;

  private final Map<String, String> values;

  private Fields(Map<String, String> values) {
    this.values = values;
  }

  /** Reads a file; one that cannot be read has no fields. */
  public static Fields of(ProcFs fs, String relative, int maxBytes) {
    Map<String, String> values = new HashMap<>();
    fs.text(relative, maxBytes).orElse("").lines().forEach(line -> add(values, line));
    return new Fields(values);
  }

  private static void add(Map<String, String> values, String line) {
    int colon = line.indexOf(':');
    if (colon > 0) {
      values.putIfAbsent(line.substring(0, colon), line.substring(colon + 1).strip());
    }
  }

  /** Returns what a field holds; empty without one. */
  public Optional<String> text(String name) {
    return Optional.ofNullable(values.get(name));
  }

  /** Returns the number that a field begins with, whatever unit follows; empty without one. */
  public OptionalLong number(String name) {
    String value = values.getOrDefault(name, "");
    int end = 0;
    while (end < value.length() && value.charAt(end) >= '0' && value.charAt(end) <= '9') {
      end++;
    }
    // Beyond that it would not fit; no counter of the kernel gets there in years.
    return end == 0 || end > MAX_DIGITS
        ? OptionalLong.empty()
        : OptionalLong.of(Long.parseLong(value.substring(0, end)));
  }
}
