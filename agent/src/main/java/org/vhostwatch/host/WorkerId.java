package org.vhostwatch.host;

/**
 * A worker for as long as it lives: the kernel gives a thread id again, but not with the same
 * start.
 *
 * @param tid thread id, above 0
 * @param startTicks start since boot, in {@link Worker#TICKS_PER_SECOND}
 */
public record WorkerId(int tid, long startTicks) {
  public WorkerId {
    if (tid <= 0) {
      throw new IllegalArgumentException("tid " + tid + ": must be above 0");
    }
  }
}
