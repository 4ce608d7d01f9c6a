package org.vhostwatch.host;

import java.util.Optional;

/**
 * What /proc/PID/task/TID/schedstat says of one thread (Documentation/scheduler/sched-stats.rst).
 *
 * @param ranNanos time on a CPU, nanoseconds
 * @param waitedNanos time waiting for one, nanoseconds
 */
public record SchedStat(long ranNanos, long waitedNanos) {

  /** Those two, and how often it got a CPU. */
  private static final int NUMBERS = 3;

  /** What holds any schedstat file: three numbers of at most 20 digits. */
  public static final int MAX_BYTES = 64;

  /** Reads a schedstat file; empty if there is none, or if it is not whole. */
  public static Optional<SchedStat> read(ProcFs fs, String relative, byte[] buffer) {
    int length = fs.read(relative, buffer);
    long[] numbers = new long[NUMBERS];
    return length >= 0 && TaskStat.numbers(buffer, 0, length, numbers)
        ? Optional.of(new SchedStat(numbers[0], numbers[1]))
        : Optional.empty();
  }
}
