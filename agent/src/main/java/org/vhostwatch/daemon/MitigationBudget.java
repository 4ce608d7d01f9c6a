package org.vhostwatch.daemon;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** How many taps may be changed now: not too often, and not too many in any hour. */
final class MitigationBudget {
  private static final long HOUR = Duration.ofHours(1).toNanos();

  private long cooldown;
  private int perHour;
  private final Deque<Long> acts = new ArrayDeque<>();
  private long triedAt;
  private boolean tried;

  /**
   * @param cooldown least time between two batches
   * @param perHour most taps in any hour that the kernel is asked to change
   */
  MitigationBudget(Duration cooldown, int perHour) {
    this.cooldown = cooldown.toNanos();
    this.perHour = perHour;
  }

  /** From now on these count; what was changed before still does. */
  synchronized void change(Duration cooldown, int perHour) {
    this.cooldown = cooldown.toNanos();
    this.perHour = perHour;
  }

  /** Returns how many taps may be tried now, 0 if none. */
  synchronized int allowed(long now) {
    if (tried && now - triedAt < cooldown) {
      return 0;
    }
    while (!acts.isEmpty() && now - acts.peekFirst() >= HOUR) {
      acts.removeFirst();
    }
    return perHour - acts.size();
  }

  /** Notes a batch, and of how many of its taps the kernel was asked for a change. */
  synchronized void used(int taps, long now) {
    tried = true;
    triedAt = now;
    for (int i = 0; i < taps; i++) {
      acts.addLast(now);
    }
  }
}
