package org.vhostwatch.log;

import java.util.Locale;

/** How much an event matters, as syslog has it; the most important first. */
public enum Priority {
  CRIT(2),
  ERROR(3),
  WARNING(4),
  NOTICE(5),
  INFO(6),
  DEBUG(7);

  private final int number;

  Priority(int number) {
    this.number = number;
  }

  /** Returns the number that syslog has for it: 2 to 7, smaller is more important. */
  int number() {
    return number;
  }

  /** Returns how it is written. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns whether this is written where {@code least} is the least that is. */
  boolean reaches(Priority least) {
    return number <= least.number;
  }
}
