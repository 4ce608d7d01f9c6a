package org.vhostwatch.host;

import java.util.OptionalDouble;

/**
 * What the kernel's clocks differ by. The agent counts CLOCK_MONOTONIC, which stands still while
 * the host is suspended; bpftrace's {@code nsecs} is CLOCK_BOOTTIME, which does not (0.17 to 0.27;
 * {@code nsecs(monotonic)} only from 0.19 on).
 */
public final class HostClock {

  private static final int SMALL = 128;

  /** The kernel prints hundredths of a second, rounded down. */
  private static final long STEP_NANOS = 10_000_000L;

  /** Less is the time between the two readings. */
  private static final long LEAST_NANOS = 100_000_000L;

  private static final OptionalDouble NONE = OptionalDouble.empty();

  private HostClock() {}

  /**
   * Returns nanoseconds that the host was suspended since its boot, at most {@link #STEP_NANOS} too
   * much: what is taken from a stamp must not leave it in the future. 0 if it was not, or if that
   * cannot be read.
   *
   * @param now CLOCK_MONOTONIC
   */
  public static long slept(ProcFs fs, long now) {
    OptionalDouble uptime = fs.text("proc/uptime", SMALL).map(HostClock::seconds).orElse(NONE);
    long ahead = uptime.isEmpty() ? 0 : (long) (uptime.getAsDouble() * 1e9) + STEP_NANOS - now;
    return ahead < LEAST_NANOS ? 0 : ahead;
  }

  private static OptionalDouble seconds(String text) {
    int end = text.indexOf(' ');
    try {
      return OptionalDouble.of(Double.parseDouble(end < 0 ? text : text.substring(0, end)));
    } catch (NumberFormatException e) {
      return NONE;
    }
  }
}
