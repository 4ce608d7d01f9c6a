package org.vhostwatch.log;

import java.util.Locale;

/** How lines are written. */
public enum LogFormat {
  /** By what stderr is: the journal, a terminal, or anything else. */
  AUTO,
  /** A time, the priority in words, and the event. */
  TEXT,
  /** The priority as systemd reads it, and the event: the journal has the time. */
  JOURNAL,
  /** An object a line. */
  JSON;

  /** Returns how it is written. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
