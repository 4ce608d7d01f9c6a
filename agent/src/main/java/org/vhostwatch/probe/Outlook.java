package org.vhostwatch.probe;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.host.Lockdown;
import org.vhostwatch.host.ModuleState;
import org.vhostwatch.host.Switch;

/**
 * How well a host can be watched: the plan in force, and for each thing that is lacking what it
 * costs and what would bring it back.
 *
 * @param lacks in the order in which they weigh; empty if nothing is lost
 */
public record Outlook(Degree degree, List<Lack> lacks) {

  /** What works together, best first. */
  public enum Degree {
    FULL(
        "sentinel with the queues' indices, census, evidence",
        "all verdicts; LIVELOCKED high once captured, STALLED high"),
    NO_INDICES(
        "sentinel without indices, census, evidence",
        "LIVELOCKED medium, STALLED high; RX is not told from TX by the probe"),
    NO_CENSUS(
        "sentinel with the queues' indices, evidence; no census",
        "LIVELOCKED high, after a capture only; no STALLED, taps are inferred"),
    COUNTS(
        "sentinel without indices, evidence; no census",
        "LIVELOCKED medium, after a capture only; no STALLED, taps are inferred, RX is not told"
            + " from TX"),
    CENSUS(
        "census and CPU time; nothing is attached",
        "LIVELOCKED medium from two censuses, STALLED medium; no SPINNING"),
    PROC("CPU time alone", "UNKNOWN: workers and how busy they are, no queue");

    private final String plan;
    private final String confidence;

    Degree(String plan, String confidence) {
      this.plan = plan;
      this.confidence = confidence;
    }

    /** Returns what is used. */
    public String plan() {
      return plan;
    }

    /** Returns which verdicts there can be, and with which confidence. */
    public String confidence() {
      return confidence;
    }
  }

  /**
   * Something that this host lacks.
   *
   * @param what it is
   * @param lost what cannot be seen for want of it; "nothing" if it is made up for
   * @param raise what would bring it
   */
  public record Lack(String what, String lost, String raise) {}

  private static final String NO_PROBES = "probes and census: CPU time alone is left";

  /** The number that the kernel gives the first of all PID namespaces; include/linux/proc_ns.h. */
  static final String FIRST_PID_NAMESPACE = "pid:[4026531836]";

  public Outlook {
    lacks = List.copyOf(lacks);
  }

  /**
   * Returns the outlook.
   *
   * @param attaches whether the sentinel could be attached
   * @param counts whether a census could be taken
   * @param pidNamespace what /proc/self/ns/pid links to; empty if that cannot be read
   */
  public static Outlook of(ProbeKit kit, boolean attaches, boolean counts, String pidNamespace) {
    return of(
        kit.facts(),
        ProbeKit.privileged(),
        kit.bpftrace().map(Bpftrace::version),
        kit.plan(),
        attaches,
        counts,
        pidNamespace);
  }

  static Outlook of(
      KernelFacts facts,
      boolean root,
      Optional<BpftraceVersion> bpftrace,
      Optional<Plan> plan,
      boolean attaches,
      boolean counts,
      String pidNamespace) {
    List<Lack> lacks = new ArrayList<>();
    host(facts, root, bpftrace.isPresent(), lacks);
    if (!pidNamespace.isEmpty() && !pidNamespace.equals(FIRST_PID_NAMESPACE)) {
      lacks.add(
          new Lack(
              "the host's PID namespace: this is " + pidNamespace,
              "workers and VMMs outside of it; what the kernel says of them matches no process",
              "give the container the host's PID namespace, as with --pid=host"));
    }
    if (root && bpftrace.isPresent()) {
      kernel(facts, lacks);
      plan.ifPresent(found -> measured(found, bpftrace.get(), lacks));
    }
    return new Outlook(degree(attaches, plan.map(Plan::indices).orElse(false), counts), lacks);
  }

  private static Degree degree(boolean attaches, boolean indices, boolean counts) {
    if (!attaches) {
      return counts ? Degree.CENSUS : Degree.PROC;
    }
    if (counts) {
      return indices ? Degree.FULL : Degree.NO_INDICES;
    }
    return indices ? Degree.NO_CENSUS : Degree.COUNTS;
  }

  private static void host(KernelFacts facts, boolean root, boolean bpftrace, List<Lack> lacks) {
    if (!root) {
      lacks.add(new Lack("root", NO_PROBES, "run it as root"));
    } else if (!bpftrace) {
      lacks.add(
          new Lack(
              "bpftrace " + BpftraceVersion.MINIMUM + " or newer",
              NO_PROBES,
              "install the package bpftrace, or name another with --bpftrace"));
    }
    if (facts.module("vhost_net") == ModuleState.ABSENT) {
      lacks.add(
          new Lack(
              "vhost_net: it is not loaded",
              "nothing: no VM uses it",
              "it is probed as soon as the first VM has it loaded"));
    }
    if (facts.lockdown() == Lockdown.CONFIDENTIALITY) {
      lacks.add(
          new Lack(
              "a kernel that lets BPF read its memory: lockdown is in confidentiality mode",
              NO_PROBES,
              "boot with lockdown=integrity, or without; a kernel that runs cannot be unlocked"));
    } else if (facts.lockdown() == Lockdown.UNKNOWN) {
      lacks.add(
          new Lack(
              "a word on kernel lockdown: securityfs cannot be read",
              "UNKNOWN until something is attached",
              "mount -t securityfs securityfs /sys/kernel/security"));
    }
  }

  private static void kernel(KernelFacts facts, List<Lack> lacks) {
    facts
        .disarmed()
        .ifPresent(
            why ->
                lacks.add(
                    new Lack(
                        "armed probes: " + why,
                        "the sentinel and evidence: what is attached would see nothing",
                        facts.kprobes() == Switch.OFF
                            ? "echo 1 >/sys/kernel/debug/kprobes/enabled"
                            : facts.ftrace() == Switch.HELD
                                ? "the end of the livelock that it waits for: refill or reset that"
                                    + " guest"
                                : "sysctl kernel.ftrace_enabled=1")));
    if (facts.kprobes() == Switch.UNKNOWN) {
      lacks.add(
          new Lack(
              "a word on whether kprobes are armed: no debugfs",
              "UNKNOWN; they are unless somebody disabled them",
              "mount -t debugfs debugfs /sys/kernel/debug"));
    }
    if (facts.tracefs().isEmpty()) {
      lacks.add(
          new Lack(
              "tracefs",
              "which functions can be probed: those that kallsyms has are taken; bpftrace 0.25 and"
                  + " newer does not start at all",
              "mount -t tracefs tracefs /sys/kernel/tracing"));
    }
    if (!facts.btf().contains("vmlinux")) {
      lacks.add(
          new Lack(
              "/sys/kernel/btf/vmlinux",
              "census, indices, taps; RX is not told from TX",
              "a kernel with CONFIG_DEBUG_INFO_BTF, and /sys/kernel/btf not hidden"));
      return;
    }
    for (String module : KernelFacts.MODULES) {
      if (facts.module(module) == ModuleState.LOADED && !facts.btf().contains(module)) {
        lacks.add(
            new Lack(
                "/sys/kernel/btf/" + module,
                module.startsWith("vhost")
                    ? "census, indices, taps; RX is not told from TX"
                    : "the taps: queues are named without them",
                "a kernel with CONFIG_DEBUG_INFO_BTF_MODULES, and /sys/kernel/btf not hidden"));
      }
    }
  }

  private static void measured(Plan plan, BpftraceVersion version, List<Lack> lacks) {
    if (plan.hidesAddresses()) {
      lacks.add(
          new Lack(
              "addresses of the kernel's symbols: /proc/kallsyms hides them",
              "census, indices, taps; RX is not told from TX",
              "sysctl kernel.kptr_restrict=1 or 0; in a container the capability CAP_SYSLOG"));
    }
    if (!version.atLeast(BpftraceVersion.MODULE_IN_KPROBE)) {
      lacks.add(
          new Lack(
              "kprobe:module:function: bpftrace "
                  + version
                  + " takes a function's name alone; one that is not unique is left out",
              "nothing, as long as the names are unique",
              "bpftrace " + BpftraceVersion.MODULE_IN_KPROBE + " or newer"));
    }
    for (Measurement measurement : plan.measurements()) {
      if (measurement.quality() == Measurement.Quality.DERIVED
          && measurement.what().equals("get_rx_ret")) {
        lacks.add(
            new Lack(
                "get_rx_bufs as a function of its own: it is inlined",
                "nothing: what it returns is derived",
                "nothing is to be gained"));
      }
    }
  }
}
