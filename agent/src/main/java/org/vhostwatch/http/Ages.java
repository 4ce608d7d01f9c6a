package org.vhostwatch.http;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Times and lengths of time as people read them. */
final class Ages {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private Ages() {}

  /** Returns a time of the clock, from milliseconds since 1970. */
  static String time(long wallMillis) {
    return TIME.format(Instant.ofEpochMilli(wallMillis));
  }

  /** Returns a length in its two largest units. */
  static String length(long millis) {
    long seconds = Math.max(0, millis) / 1000;
    if (seconds < 60) {
      return seconds + " s";
    }
    long minutes = seconds / 60;
    if (minutes < 60) {
      return minutes + " min " + seconds % 60 + " s";
    }
    long hours = minutes / 60;
    return hours < 48
        ? two(hours, "h", minutes % 60, "min")
        : two(hours / 24, "d", hours % 24, "h");
  }

  private static String two(long large, String unit, long small, String smaller) {
    return large + " " + unit + (small == 0 ? "" : " " + small + " " + smaller);
  }
}
