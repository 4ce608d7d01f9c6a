package org.vhostwatch.drill;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The drill cannot run here: the message says why and what to do about it, in one line. */
public final class DrillException extends IOException {
  private static final long serialVersionUID = 1L;

  private final boolean usage;

  private DrillException(String message, boolean usage, @Nullable Throwable cause) {
    super(message, cause);
    this.usage = usage;
  }

  static DrillException usage(String message) {
    return new DrillException(message, true, null);
  }

  static DrillException cannotRun(String message, @Nullable Throwable cause) {
    return new DrillException(message, false, cause);
  }

  /** Returns whether other options would help, as opposed to another machine or more privilege. */
  public boolean usage() {
    return usage;
  }
}
