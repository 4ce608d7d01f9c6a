package org.vhostwatch.btf;

/**
 * Where a member is and how long it is.
 *
 * @param offset bytes from the start of the struct that the search began in, 0 or more
 * @param size bytes that the member takes, 0 or more (0: an empty struct or a flexible array)
 */
public record MemberLayout(long offset, long size) {
  public MemberLayout {
    if (offset < 0 || size < 0) {
      throw new IllegalArgumentException(
          "offset " + offset + ", size " + size + ": must not be negative");
    }
  }
}
