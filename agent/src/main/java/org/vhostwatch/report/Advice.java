package org.vhostwatch.report;

import java.util.List;
import java.util.regex.Pattern;
import org.vhostwatch.detect.Verdict;

/**
 * What to do on a verdict, least harm first. docs/advice.md says which of it was seen on real
 * kernels, and which is read from the code.
 */
final class Advice {

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");

  private Advice() {}

  static List<String> of(Verdict verdict, String tap) {
    // These lines get pasted into root's shell: a tap may be called $(reboot).
    String device = PLAIN.matcher(tap).matches() ? tap : "TAP";
    return switch (verdict) {
      case LIVELOCKED ->
          List.of(
              "ends it: the guest posts enough RX buffers (resume or unfreeze its vCPUs), or is reset",
              "ends it: the VMM detaches the backend (QMP set_link off; on again only after the guest"
                  + " refilled or was reset, else it spins again)",
              "ends it: end the VMM (SIGTERM, then SIGKILL)",
              "prevents the next one, does not end this one: ethtool -K "
                  + device
                  + " tso off gso off gro off",
              "does not help: ip link set "
                  + device
                  + " down, ethtool after the packet is at the head, renice",
              "cures: a kernel with the fix of CVE-2026-74356 (6.1.191, 6.12.97, 6.18.40, 7.1.5, 7.2)",
              "beware: tracers that use fentry or fexit hang unkillably until the spin ends");
      case STALLED ->
          List.of(
              "look at the guest: hung, panicked, vCPUs not scheduled, or its interface is down",
              "ends it: the guest posts enough RX buffers and kicks, or is reset",
              "on a kernel without the fix of CVE-2026-74356 the same starvation can become a livelock");
      case SPINNING ->
          List.of(
              "the guest is late with RX buffers: look at its load, and at vCPU steal",
              "on a kernel without the fix of CVE-2026-74356 this becomes a livelock if the guest stops"
                  + " refilling",
              "prevents it: ethtool -K " + device + " tso off gso off gro off");
      case UNKNOWN ->
          List.of("see what is not measurable below; `vhostwatch check` says what would raise it");
      case BUSY, HEALTHY -> List.of();
    };
  }
}
