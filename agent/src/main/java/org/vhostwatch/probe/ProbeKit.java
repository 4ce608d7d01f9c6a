package org.vhostwatch.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.host.Lockdown;
import org.vhostwatch.host.ModuleState;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Switch;
import org.vhostwatch.host.Symbols;

/**
 * All that is needed to probe this host, as far as it is there.
 *
 * @param facts the kernel
 * @param bpftrace the program, if it can be used
 * @param plan what can be probed; empty without bpftrace
 * @param troubles what is missing and what to do about it, in words for the operator
 */
public record ProbeKit(
    KernelFacts facts, Optional<Bpftrace> bpftrace, Optional<Plan> plan, List<String> troubles) {

  private static final String IDLE =
      "the module vhost_net is not loaded: no VM on this host uses it";

  public ProbeKit {
    troubles = List.copyOf(troubles);
  }

  /**
   * Where things are.
   *
   * @param scripts folder of the script templates
   * @param bpftrace the program, if the operator named one
   * @param answer how long the program may take to say its version
   */
  public record Options(Path scripts, Optional<Path> bpftrace, Duration answer) {}

  /** Looks for everything; what is missing becomes a trouble, not an exception. */
  public static ProbeKit prepare(Options options, Spawner spawner) throws InterruptedException {
    Path root = Path.of("/");
    ProcFs fs = new ProcFs(root);
    KernelFacts facts = KernelFacts.read(fs, FtraceSwitch.ask(spawner));
    List<String> troubles = new ArrayList<>();
    Optional<Bpftrace> bpftrace = Optional.empty();
    Optional<Plan> plan = Optional.empty();
    if (!privileged()) {
      troubles.add("not root: no probes and no census; run it as root, for example with sudo");
    } else {
      try {
        bpftrace = Optional.of(Bpftrace.find(spawner, options.bpftrace(), options.answer()));
        Symbols symbols = Symbols.read(fs, Planner.SYMBOLS, facts.ftrace() != Switch.HELD);
        plan =
            Optional.of(
                Planner.plan(
                    root,
                    Scripts.read(options.scripts()),
                    symbols,
                    bpftrace.get().version(),
                    facts.disarmed()));
      } catch (Bpftrace.MissingException | PlanException e) {
        troubles.add(String.valueOf(e.getMessage()));
      }
    }
    troubles.addAll(kernelTroubles(facts));
    return new ProbeKit(facts, bpftrace, plan, troubles);
  }

  /** Returns whether this process runs as root. */
  public static boolean privileged() {
    try {
      return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns whether vhost_net is there to be probed. */
  public boolean vhostNetLoaded() {
    return facts.module("vhost_net") != ModuleState.ABSENT;
  }

  /** Returns why there is nothing to watch, if that is so. It is no trouble, and may end soon. */
  public Optional<String> idle() {
    return vhostNetLoaded() ? Optional.empty() : Optional.of(IDLE);
  }

  private static List<String> kernelTroubles(KernelFacts facts) {
    List<String> troubles = new ArrayList<>();
    if (facts.module("vhost_net") != ModuleState.ABSENT && !facts.btf().contains("vmlinux")) {
      troubles.add("no /sys/kernel/btf/vmlinux: no census, and spins without the queue's indices");
    }
    facts
        .disarmed()
        .ifPresent(why -> troubles.add(why + ": nothing can be probed until that is undone"));
    if (facts.lockdown() == Lockdown.CONFIDENTIALITY) {
      troubles.add("kernel lockdown is in confidentiality mode: bpftrace cannot work");
    }
    return troubles;
  }
}
