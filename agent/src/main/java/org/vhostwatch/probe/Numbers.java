package org.vhostwatch.probe;

/** Integers as the versions of bpftrace write them. */
final class Numbers {

  private Numbers() {}

  /**
   * Returns a 64-bit integer written in decimal, signed or unsigned, or in hexadecimal with 0x.
   *
   * @throws NumberFormatException if it is none
   */
  static long parse(String text) {
    if (text.startsWith("0x")) {
      return Long.parseUnsignedLong(text.substring(2), 16);
    }
    return text.startsWith("-") ? Long.parseLong(text) : Long.parseUnsignedLong(text);
  }
}
