package org.vhostwatch.detect;

/**
 * Growth of a counter over a sliding window of one to two widths, from samples that come at any
 * interval.
 *
 * @param baseAt time of the window's first sample, nanoseconds
 * @param base the counter there
 * @param midAt time of the sample that becomes the next window's first
 * @param mid the counter there
 * @param at time of the last sample
 * @param value the counter there
 */
record Rate(long baseAt, long base, long midAt, long mid, long at, long value) {

  static Rate first(long at, long value) {
    return new Rate(at, value, at, value, at, value);
  }

  Rate next(long width, long now, long count) {
    return now - midAt >= width
        ? new Rate(midAt, mid, now, count, now, count)
        : new Rate(baseAt, base, midAt, mid, now, count);
  }

  /** Returns growth per nanosecond over the window, NaN before there is a second sample. */
  double perNano() {
    return at <= baseAt ? Double.NaN : (double) (value - base) / (at - baseAt);
  }

  /** Returns growth over the window. */
  long growth() {
    return value - base;
  }
}
