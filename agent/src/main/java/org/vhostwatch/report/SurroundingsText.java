package org.vhostwatch.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.vhostwatch.detect.LookAlike;
import org.vhostwatch.host.Surroundings;

/** What goes on around a queue, and what it could be taken for, as lines of a report. */
final class SurroundingsText {

  private static final int MAX_FRAMES = 8;

  private static final List<String> POLICIES =
      List.of("SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "4", "SCHED_IDLE");

  private SurroundingsText() {}

  static List<String> around(Surroundings seen) {
    List<String> lines = new ArrayList<>();
    seen.tap().ifPresent(tap -> lines.add(tap(tap, seen.seconds())));
    seen.worker().ifPresent(worker -> lines.add(worker(worker, seen.seconds())));
    for (Surroundings.Runner runner : seen.onCpu()) {
      lines.add("           also on this CPU: " + runner(runner));
    }
    if (seen.cpuCut()) {
      lines.add("           not all threads of the host were looked at");
    }
    seen.vmm().ifPresent(vmm -> vmm(vmm, lines));
    seen.troubles().forEach(trouble -> lines.add("  unread   " + Printable.of(trouble)));
    return lines;
  }

  private static String tap(Surroundings.TapCounters tap, double seconds) {
    String flow =
        switch (tap.flow()) {
          case MOVING -> "moves";
          case DROPPING -> "stands still, and packets to the guest are dropped";
          case STILL -> "stands still";
        };
    return format(
        "  traffic  tap tx_packets %d (+%d in %.1f s: %s), tx_dropped %d (+%d), rx_packets +%d",
        tap.txPackets(),
        tap.txPacketsMore(),
        seconds,
        flow,
        tap.txDropped(),
        tap.txDroppedMore(),
        tap.rxPacketsMore());
  }

  private static String worker(Surroundings.Scheduling worker, double seconds) {
    return format(
        "  CPU %-4d %sworker may run on %s, nice %d, %s",
        worker.cpu(),
        worker.waitedPermille() < 0
            ? ""
            : format(
                "worker ran %.0f %% and waited for it %.0f %% of %.1f s; ",
                worker.ranPermille() / 10.0, worker.waitedPermille() / 10.0, seconds),
        worker.allowed().isEmpty() ? "unknown CPUs" : "CPUs " + Printable.of(worker.allowed()),
        worker.nice(),
        policy(worker.policy(), worker.rtPriority()));
  }

  private static String runner(Surroundings.Runner runner) {
    return format(
        "%s tid %d pid %d %.0f %%  %s",
        Printable.of(runner.comm()),
        runner.tid(),
        runner.pid(),
        runner.permille() / 10.0,
        policy(runner.policy(), runner.rtPriority()));
  }

  private static String policy(int policy, int priority) {
    String name =
        policy >= 0 && policy < POLICIES.size() ? POLICIES.get(policy) : String.valueOf(policy);
    return priority == 0 ? name : name + " " + priority;
  }

  private static void vmm(Surroundings.VmmState vmm, List<String> lines) {
    lines.add(
        format(
            "  VMM      pid %d  state %s  threads %d, in D state %d, stopped %d%s%s",
            vmm.pid(),
            Printable.of(String.valueOf(vmm.state())),
            vmm.threads(),
            vmm.uninterruptible(),
            vmm.stopped(),
            vmm.frozen().map(frozen -> frozen ? ", frozen by its cgroup" : "").orElse(""),
            vmm.hottest().map(hot -> "; busiest " + runner(hot)).orElse("")));
    for (Surroundings.Waiting waiting : vmm.waiting()) {
      lines.add(
          format(
              "           tid %d %s waits in %s%s",
              waiting.tid(),
              Printable.of(waiting.comm()),
              waiting.wchan().isEmpty() ? "(unknown)" : Printable.of(waiting.wchan()),
              waiting.forVhost()
                  ? ": for the vhost worker"
                  : waiting.inStorage() ? ": for storage" : ""));
      waiting.stack().stream()
          .limit(MAX_FRAMES)
          .forEach(frame -> lines.add("             " + Printable.of(frame)));
    }
  }

  static List<String> lookAlikes(List<LookAlike> all) {
    return all.stream()
        .map(
            one ->
                format(
                    "    %-15s %s",
                    switch (one.outcome()) {
                      case RULED_OUT -> "[not]";
                      case NOT_RULED_OUT -> "[possible]";
                      case IT_IS_THIS -> "[it is this]";
                    },
                    Printable.of(one.text())))
        .toList();
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
