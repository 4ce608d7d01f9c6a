package org.vhostwatch.host;

/** A switch of the kernel, as far as it may be read. */
public enum Switch {
  ON,
  OFF,
  /** Its file does not answer: somebody holds the lock of the kernel that a look at it takes. */
  HELD,
  UNKNOWN
}
