package org.vhostwatch.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;

/**
 * What to do on a verdict: what ends the trouble now, least harm first; what cures it; what only
 * prevents the next one; what does not help. docs/advice.md says which of it was seen on real
 * kernels, and which is read from the code.
 *
 * <p>These lines get pasted into root's shell, and a tap may be called {@code $(reboot)}: a name
 * stands in a command only if it is made of harmless characters.
 */
final class Advice {

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");

  /** What virsh takes for the number or the UUID of a domain before it looks for names. */
  private static final Pattern OTHER_THAN_A_NAME =
      Pattern.compile("[0-9]+|[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}");

  private final Exposure kernel;
  private final TapPort port;
  private final String tap;
  private final Optional<Vmm> vmm;
  private final int pid;

  private Advice(Exposure kernel, QueueJson.Identity owner) {
    this.kernel = kernel;
    this.port = owner.port();
    this.tap = plain(owner.port().name()).orElse("TAP");
    this.vmm = owner.vmm();
    this.pid = owner.pid();
  }

  /**
   * Returns it, a line each.
   *
   * @param kernel whether the kernel has the bug, as far as that is known
   */
  static List<String> of(Verdict verdict, Exposure kernel, QueueJson.Identity owner) {
    Advice advice = new Advice(kernel, owner);
    return switch (verdict) {
      case LIVELOCKED -> advice.onLivelock();
      case STALLED -> advice.onStall();
      case SPINNING -> advice.onSpins();
      case UNKNOWN ->
          List.of("see what is not measurable below; `vhostwatch check` says what would raise it");
      case BUSY, HEALTHY -> List.of();
    };
  }

  private List<String> onLivelock() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "ends it: the guest posts enough RX buffers: let its vCPUs run (unfreeze its cgroup, SIGCONT,"
            + " give them CPU time)");
    lines.add(
        "ends it: detach the backend" + detach() + "; on again only after the guest refilled");
    lines.add("ends it: reset the guest" + reset());
    lines.add("ends it: end the VMM" + end());
    lines.add(
        "cures: a kernel with the fix of CVE-2026-74356 (6.1.191, 6.12.97, 6.18.40, 7.1.5, 7.2;"
            + " `vhostwatch exposure` knows this host's)");
    lines.add(
        "prevents the next one, does not end this one: "
            + mitigation("a livelock that was seen is reason enough, however the kernel is rated"));
    lines.add(
        "does not help: ip link set "
            + tap
            + " down, ethtool now that the packet is at the head, renice, a refill that is too small");
    lines.add(
        "beware: tracers that use fentry or fexit hang unkillably until the spin ends; give every call"
            + " to the VMM a time limit");
    return lines;
  }

  private List<String> onStall() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "look at the guest: hung, panicked, vCPUs not scheduled or frozen, out of memory, or its"
            + " interface down");
    lines.add("ends it: the guest posts enough RX buffers and kicks");
    lines.add("ends it: reset the guest" + reset());
    prevention().ifPresent(command -> lines.add("prevents the next one: " + command));
    lines.add(
        "on a kernel without the fix of CVE-2026-74356 the same starvation can become a livelock");
    return lines;
  }

  private List<String> onSpins() {
    List<String> lines = new ArrayList<>();
    lines.add("the guest is late with RX buffers: look at its load, and at the steal of its vCPUs");
    lines.add(
        "on a kernel without the fix of CVE-2026-74356 this becomes a livelock if the guest stops"
            + " refilling");
    prevention().ifPresent(command -> lines.add("prevents it: " + command));
    return lines;
  }

  /**
   * Returns the command that keeps large packets away. None on a fixed kernel: there small ones
   * only use up what the guest has posted, and then it starves as before.
   */
  private Optional<String> prevention() {
    return kernel == Exposure.FIXED
        ? Optional.empty()
        : Optional.of(
            mitigation("it is not known whether the kernel has the bug; `vhostwatch drill` tells"));
  }

  /**
   * Returns the command.
   *
   * @param insisting why it is right on a kernel on which it would be refused
   */
  private String mitigation(String insisting) {
    if (port.macvtap()) {
      return plain(port.master())
              .map(lower -> "ethtool -K " + lower + " gro off lro off")
              .orElse("gro and lro off on the device below it")
          + " (for all of that device's traffic; the features of a macvtap itself do nothing)";
    }
    boolean affected = kernel == Exposure.AFFECTED;
    return "vhostwatch mitigate --tap "
        + tap
        + " --apply"
        + (affected ? "" : " --force")
        + " (segmentation offload of the tap off; --undo restores it"
        + (affected ? ")" : "; --force because " + insisting + ")");
  }

  private String detach() {
    return vmid()
        .map(id -> " (qm monitor " + id + ", then set_link of its NIC off)")
        .or(() -> domain().map(id -> " (virsh domif-setlink " + id + " " + tap + " down)"))
        .orElse(" (QMP set_link off)");
  }

  private String reset() {
    return vmid()
        .map(id -> ": qm reset " + id)
        .or(() -> domain().map(id -> ": virsh reset " + id))
        .orElse(" (QMP system_reset)");
  }

  private String end() {
    String kill = pid > 0 ? "kill -TERM " + pid + ", then -KILL" : "SIGTERM, then SIGKILL";
    return vmid()
        .map(id -> ": qm stop " + id + ", else " + kill)
        .or(() -> domain().map(id -> ": virsh destroy " + id + ", else " + kill))
        .orElse(": " + kill);
  }

  private Optional<String> vmid() {
    return vmm.flatMap(Vmm::vmid);
  }

  /** What libvirt calls the VM; it gives each a UUID. */
  private Optional<String> domain() {
    return vmm.filter(process -> process.uuid().isPresent())
        .flatMap(
            process ->
                plain(process.name())
                    .filter(name -> !OTHER_THAN_A_NAME.matcher(name).matches())
                    .or(process::uuid));
  }

  private static Optional<String> plain(String name) {
    return PLAIN.matcher(name).matches() ? Optional.of(name) : Optional.empty();
  }
}
