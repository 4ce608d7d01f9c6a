package org.vhostwatch.log;

import java.util.List;

/** Names that somebody may give a VM, a tap or a process to forge what an operator reads. */
final class Hostile {

  static final List<String> NAMES =
      List.of(
          "a\n<0>livelock-begins vm=victim: LIVELOCKED",
          "a\r\n2026-11-26T00:00:00.000Z crit livelock-begins vm=victim: LIVELOCKED",
          "a tap=vnet9",
          "a: LIVELOCKED",
          "a\" tap=\"vnet9",
          "a\\\" tap=\\\"vnet9",
          "a\\",
          "\"",
          " ",
          "<2>",
          "a\u2028b\u2029c\u0085d\u000be\u000cf",
          "\u202evictim\u202c",
          "\u001b[2J\u001b[1;31mCRIT",
          "\u009b31m",
          "a\u0000b",
          "\ud800",
          "\udfff\ud800",
          "{vm}{summary}{",
          "%s%n{}",
          "\",\"event\":\"forged\",\"x\":\"",
          "\u200b\ufeff\u00ad",
          "\ue000\udb40\udc41",
          "x".repeat(100_000),
          "\n".repeat(100_000));

  private Hostile() {}
}
