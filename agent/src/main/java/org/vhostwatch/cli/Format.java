package org.vhostwatch.cli;

import java.util.Locale;

/** How a command prints its data. */
enum Format {
  TEXT,
  JSON;

  /** Returns it as it is written on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
