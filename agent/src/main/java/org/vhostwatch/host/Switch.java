package org.vhostwatch.host;

/** A switch of the kernel, as far as it may be read. */
public enum Switch {
  ON,
  OFF,
  UNKNOWN
}
