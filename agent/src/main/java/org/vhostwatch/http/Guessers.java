package org.vhostwatch.http;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Who said a wrong password of late, by address, and how long each has to wait. Of more than can be
 * remembered those are forgotten that did so longest ago. Not for several threads.
 */
final class Guessers {

  static final int MAX = 1024;

  /** Whoever has one address of IPv6 has as many as he likes, but all of one network. */
  private static final int NETWORK_BYTES = 8;

  /** When each may try again, monotonic nanoseconds. */
  private final Map<ByteBuffer, Long> until = new LinkedHashMap<>();

  /** Returns whether this address has to wait still. */
  boolean waits(InetAddress address, long now) {
    Long end = until.get(key(address));
    return end != null && now - end < 0;
  }

  /** Makes an address wait until then. */
  void guessed(InetAddress address, long end) {
    ByteBuffer key = key(address);
    until.remove(key);
    until.put(key, end);
    if (until.size() > MAX) {
      until.remove(until.keySet().iterator().next());
    }
  }

  int size() {
    return until.size();
  }

  /** An address of IPv4 has half the bytes, so it is never taken for a network. */
  private static ByteBuffer key(InetAddress address) {
    byte[] bytes = address.getAddress();
    return ByteBuffer.wrap(Arrays.copyOf(bytes, Math.min(bytes.length, NETWORK_BYTES)));
  }
}
