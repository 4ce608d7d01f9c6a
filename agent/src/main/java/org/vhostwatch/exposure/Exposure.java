package org.vhostwatch.exposure;

import java.util.Locale;

/** Whether a kernel has the bug of CVE-2026-74356. */
public enum Exposure {
  /** The cause is in it and the fix is not. */
  AFFECTED,
  /** The fix is in it, or the cause never was. */
  FIXED,
  /** What can be read does not decide. */
  UNKNOWN;

  /** Returns the name in lower case, as metrics and JSON have it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
