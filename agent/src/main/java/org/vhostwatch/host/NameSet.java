package org.vhostwatch.host;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;

/**
 * Symbol names that are looked up in raw bytes, 200,000 times in a scan: no String is made for the
 * names that are not wanted. A name with a suffix ({@code f.isra.0}) is found under what stands
 * before its first dot.
 */
final class NameSet {
  /** Open addressing, at most a quarter full; null in free places. */
  private final byte[][] slots;

  NameSet(Collection<String> names) {
    slots = new byte[Integer.highestOneBit(Math.max(4, names.size())) * 8][];
    for (String name : names) {
      if (name.isEmpty() || name.indexOf('.') >= 0) {
        throw new IllegalArgumentException(
            "symbol '" + name + "': must be a plain name without suffix");
      }
      byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
      int slot = slot(hash(bytes, 0, bytes.length));
      while (slots[slot] != null) {
        slot = (slot + 1) & (slots.length - 1);
      }
      slots[slot] = bytes;
    }
  }

  /** Whether the bytes, up to the first dot among them, are one of the names. */
  boolean contains(byte[] buffer, int from, int to) {
    int hash = 0;
    int end = from;
    while (end < to && buffer[end] != '.') {
      hash = 31 * hash + buffer[end++];
    }
    for (int slot = slot(hash); slots[slot] != null; slot = (slot + 1) & (slots.length - 1)) {
      if (equal(slots[slot], buffer, from, end)) {
        return true;
      }
    }
    return false;
  }

  private static int hash(byte[] bytes, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + bytes[i];
    }
    return hash;
  }

  private int slot(int hash) {
    return (hash ^ (hash >>> 15)) & (slots.length - 1);
  }

  private static boolean equal(byte[] name, byte[] buffer, int from, int to) {
    return Arrays.equals(name, 0, name.length, buffer, from, to);
  }
}
