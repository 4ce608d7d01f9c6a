package org.vhostwatch.http;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.metrics.Exposition;

/**
 * What a client takes, as it says in Accept or Accept-Encoding: what it names, and how much it
 * likes it.
 */
final class Accepted {

  /** More than any client names; the rest is not looked at. */
  private static final int MAX_RANGES = 64;

  /**
   * One thing that it names.
   *
   * @param name media range or coding, in lower case
   * @param version the parameter of that name, empty if there is none
   * @param quality how much the client likes it, 0 (not at all) to 1
   */
  private record Range(String name, String version, double quality) {}

  private final List<Range> ranges;

  private Accepted(List<Range> ranges) {
    this.ranges = ranges;
  }

  /**
   * Reads a header; null, one that is not there, names nothing. What makes no sense in it is passed
   * over.
   */
  static Accepted of(@Nullable String header) {
    List<Range> ranges = new ArrayList<>();
    if (header != null) {
      for (String text : header.toLowerCase(Locale.ROOT).split(",", MAX_RANGES)) {
        range(text).ifPresent(ranges::add);
      }
    }
    return new Accepted(ranges);
  }

  private static Optional<Range> range(String text) {
    String[] parts = text.split(";", -1);
    String name = parts[0].strip();
    String version = "";
    double quality = 1;
    for (int i = 1; i < parts.length; i++) {
      String part = parts[i].strip();
      if (part.startsWith("version=")) {
        version = part.substring("version=".length()).replace("\"", "");
      } else if (part.startsWith("q=")) {
        String number = part.substring(2);
        if (!number.matches("[01](\\.\\d{0,3})?")) {
          return Optional.empty();
        }
        quality = Math.min(1, Double.parseDouble(number));
      }
    }
    return name.isEmpty() ? Optional.empty() : Optional.of(new Range(name, version, quality));
  }

  /**
   * Returns the format that the client likes best. Of two that it likes the same, that which it
   * names counts before one that it only does not exclude, and OpenMetrics before the older text;
   * who names neither gets the older text.
   */
  Exposition.Format metrics() {
    Optional<Range> open = best(Exposition.Format.OPEN_METRICS);
    if (open.isEmpty() || open.get().quality() == 0 || open.get().name().contains("*")) {
      return Exposition.Format.TEXT;
    }
    double text = best(Exposition.Format.TEXT).map(Range::quality).orElse(0.0);
    return open.get().quality() >= text ? Exposition.Format.OPEN_METRICS : Exposition.Format.TEXT;
  }

  /** Returns what is said of a format, the most exact of it. */
  private Optional<Range> best(Exposition.Format format) {
    String all = format.mediaType().replaceFirst("/.*", "/*");
    return ranges.stream()
        .filter(range -> range.version().isEmpty() || range.version().equals(format.version()))
        .filter(range -> List.of(format.mediaType(), all, "*/*").contains(range.name()))
        .min(
            Comparator.comparing((Range range) -> range.name().equals("*/*"))
                .thenComparing(range -> range.name().equals(all))
                .thenComparing(Comparator.comparing(Range::quality).reversed()));
  }

  /** Returns whether the client takes what gzip has packed. */
  boolean gzip() {
    return named("gzip").or(() -> named("*")).filter(range -> range.quality() > 0).isPresent();
  }

  private Optional<Range> named(String name) {
    return ranges.stream().filter(range -> range.name().equals(name)).findFirst();
  }
}
