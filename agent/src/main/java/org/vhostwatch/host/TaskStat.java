package org.vhostwatch.host;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What /proc/PID/task/TID/stat says of one thread, as far as it is needed; see proc_pid_stat(5).
 *
 * @param comm the name, at most 63 bytes in the kernel, any characters
 * @param parent the process that started this one, 0 if none
 * @param flags the kernel's PF_ bits
 * @param cpuTicks time in user and kernel mode together, in {@link Worker#TICKS_PER_SECOND}
 * @param endedTicks the same of the process' children that have ended and were waited for, theirs
 *     included
 * @param startTicks when it started, since boot, in the same unit
 * @param cpu where it ran last
 * @param rtPriority 1 to 99 for a real-time thread, else 0
 * @param policy how it is scheduled, SCHED_OTHER is 0; sched(7)
 */
record TaskStat(
    int tid,
    String comm,
    char state,
    int parent,
    long flags,
    long cpuTicks,
    long endedTicks,
    int nice,
    long startTicks,
    int cpu,
    int rtPriority,
    int policy) {
  /** A stat line has 52 fields of at most 20 digits. */
  static final int MAX_BYTES = 2048;

  /** Made by the kernel for itself (include/linux/sched.h). */
  private static final long PF_KTHREAD = 0x00200000;

  /** A worker of io_uring; its process may give it any name. */
  private static final long PF_IO_WORKER = 0x00000010;

  /** Made by the kernel as a thread of a process: workers of io_uring and, from 6.4, of vhost. */
  private static final long PF_USER_WORKER = 0x00004000;

  /**
   * Field numbers of proc_pid_stat(5), less the three of pid, comm and state that come before the
   * plain numbers.
   */
  private static final int PARENT = 4 - 4;

  private static final int FLAGS = 9 - 4;

  private static final int UTIME = 14 - 4;
  private static final int STIME = 15 - 4;
  private static final int CUTIME = 16 - 4;
  private static final int CSTIME = 17 - 4;
  private static final int NICE = 19 - 4;
  private static final int START = 22 - 4;
  private static final int PROCESSOR = 39 - 4;
  private static final int RT_PRIORITY = 40 - 4;
  private static final int POLICY = 41 - 4;

  /** Reads the first {@code length} bytes of a buffer; empty if they are not a whole stat line. */
  static Optional<TaskStat> parse(byte[] buffer, int length) {
    int open = indexOf(buffer, length, (byte) '(');
    // The last one: a name may hold parentheses, blanks and line ends, what follows it may not.
    int close = length - 1;
    while (close > open && buffer[close] != ')') {
      close--;
    }
    if (open < 2 || close <= open || close + 4 > length) {
      return Optional.empty();
    }
    long[] numbers = new long[POLICY + 1];
    int tid = ProcFs.id(new String(buffer, 0, open - 1, StandardCharsets.US_ASCII));
    if (tid < 0 || !numbers(buffer, close + 4, length, numbers)) {
      return Optional.empty();
    }
    return Optional.of(
        new TaskStat(
            tid,
            new String(buffer, open + 1, close - open - 1, StandardCharsets.UTF_8),
            (char) (buffer[close + 2] & 0xff),
            (int) numbers[PARENT],
            numbers[FLAGS],
            numbers[UTIME] + numbers[STIME],
            numbers[CUTIME] + numbers[CSTIME],
            (int) numbers[NICE],
            numbers[START],
            (int) numbers[PROCESSOR],
            (int) numbers[RT_PRIORITY],
            (int) numbers[POLICY]));
  }

  /** Reads a stat file; empty if there is none, or if it is not whole. */
  static Optional<TaskStat> read(ProcFs fs, String relative, byte[] buffer) {
    int length = fs.read(relative, buffer);
    return length < 0 ? Optional.empty() : parse(buffer, length);
  }

  boolean isKernelThread() {
    return (flags & PF_KTHREAD) != 0;
  }

  /** Whether it is the kernel's thread in a process, and not one of io_uring. */
  boolean isUserWorker() {
    return (flags & (PF_USER_WORKER | PF_IO_WORKER)) == PF_USER_WORKER;
  }

  /** Reads as many numbers as the array takes, each with a blank or the line's end behind it. */
  static boolean numbers(byte[] buffer, int from, int length, long[] numbers) {
    int at = from;
    for (int i = 0; i < numbers.length; i++) {
      boolean negative = at < length && buffer[at] == '-';
      if (negative) {
        at++;
      }
      int start = at;
      long value = 0;
      while (at < length && buffer[at] >= '0' && buffer[at] <= '9') {
        value = 10 * value + (buffer[at++] - '0');
      }
      // Something must follow: a number that the read cut short would be a wrong one.
      if (at == start || at >= length || (buffer[at] != ' ' && buffer[at] != '\n')) {
        return false;
      }
      at++;
      numbers[i] = negative ? -value : value;
    }
    return true;
  }

  private static int indexOf(byte[] buffer, int length, byte wanted) {
    for (int i = 0; i < length; i++) {
      if (buffer[i] == wanted) {
        return i;
      }
    }
    return -1;
  }
}
