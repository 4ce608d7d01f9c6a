package org.vhostwatch.probe;

import java.util.Locale;

/** What stays attached while nothing is wrong. */
public enum Mode {
  /** The sentinel, whose probe healthy traffic never reaches. */
  SENTINEL,
  /** Nothing: the sentinel comes when a worker is busy, and goes again. */
  ON_DEMAND,
  /** The sentinel, and probes on each packet that count what the receive path returns: for labs. */
  CONTINUOUS;

  /** Returns the name that options, metrics and reports have for it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
