package org.vhostwatch.libc;

import java.io.IOException;
import java.lang.ref.Reference;

/** The kernel's monotonic clock, which other processes can compare; Java's has no known zero. */
public final class MonotonicClock {
  private static final int CLOCK_MONOTONIC = 1;
  private static final int TIMESPEC = 16;

  private MonotonicClock() {}

  /** Returns microseconds since the boot, without the time that the machine slept. */
  public static long micros() throws IOException {
    NativeMemory time = NativeMemory.allocate(TIMESPEC);
    try {
      Native.check(
          Native.libc().clock_gettime(CLOCK_MONOTONIC, time.pointer()),
          "clock_gettime",
          "CLOCK_MONOTONIC");
      return time.getLong(0) * 1_000_000 + time.getLong(8) / 1_000;
    } finally {
      Reference.reachabilityFence(time);
    }
  }
}
