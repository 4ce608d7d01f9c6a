package org.vhostwatch.daemon;

/**
 * Collects the whole heap when much of it is garbage. The JVM does so by itself until Java 21; a
 * newer one lets the heap grow to its limit first (seen with 25.0.3: 55 MiB, 10 of them in use).
 *
 * <p>Not for use by several threads at once.
 */
final class HeapWatch {

  /** What two answers and as many looks at thousands of queues leave behind. */
  private static final long SPARE_BYTES = 4 << 20;

  private long live = used();

  /** Looks, and collects if that is due. */
  void look() {
    if (due(used(), live)) {
      System.gc();
      live = used();
    }
  }

  /**
   * Returns whether more than half of the heap in use came since the last time.
   *
   * @param used bytes in use
   * @param live bytes that were in use after the last time
   */
  static boolean due(long used, long live) {
    return used > live + live / 2 + SPARE_BYTES;
  }

  private static long used() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
