package org.vhostwatch.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Gives inputs to a target, one at a time, and sees that none costs more than it may. */
final class Meter {

  /** No input may take longer. */
  static final long MAX_NANOS = 1_000_000_000L;

  private static final int AGAIN = 3;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final FuzzTarget target;
  private final FuzzTarget.Reader reader;
  private final long maxNanos;
  private final int slack;
  private long inputs;
  private long slowest;
  private long largest;

  Meter(FuzzTarget target) {
    this(target, MAX_NANOS, 1);
  }

  /**
   * @param slack how many times its memory an input may take: what watches the code takes some too
   */
  Meter(FuzzTarget target, long maxNanos, int slack) {
    this.slack = slack;
    this.target = target;
    this.reader = target.open().get();
    this.maxNanos = maxNanos;
  }

  /**
   * Gives an input. One that costs too much is measured again: the first may have paid for loading
   * classes, or for a machine that others use; a defect costs the same each time.
   *
   * @throws Exception as {@link FuzzTarget.Reader#read}
   * @throws AssertionError if it took too long or too much memory, or as the target
   */
  void take(byte[] input) throws Exception {
    String cost = measure(input);
    for (int again = 0; again < AGAIN && !cost.isEmpty(); again++) {
      cost = measure(input);
    }
    if (!cost.isEmpty()) {
      throw new AssertionError(target.name() + ": " + cost);
    }
    inputs++;
  }

  /** Returns in words what it cost too much of, nothing if it did not. */
  private String measure(byte[] input) throws Exception {
    long bytes = THREADS.getCurrentThreadAllocatedBytes();
    long nanos = System.nanoTime();
    reader.read(input);
    nanos = System.nanoTime() - nanos;
    bytes = THREADS.getCurrentThreadAllocatedBytes() - bytes;
    if (nanos > maxNanos) {
      return "an input of " + input.length + " bytes took " + nanos / 1_000_000 + " ms";
    }
    if (bytes > budget(input.length)) {
      return "an input of "
          + input.length
          + " bytes took "
          + bytes
          + " bytes of memory, and may "
          + budget(input.length);
    }
    slowest = Math.max(slowest, nanos);
    largest = Math.max(largest, bytes);
    return "";
  }

  private long budget(int length) {
    return slack * target.budget(length);
  }

  /** Returns how many inputs were right. */
  long inputs() {
    return inputs;
  }

  /** Returns the longest time that one of them took, nanoseconds. */
  long slowest() {
    return slowest;
  }

  /** Returns the most memory that one of them took, bytes. */
  long largest() {
    return largest;
  }
}
