package org.vhostwatch.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.report.ExitCode;
import picocli.CommandLine.Option;

/** Which queues the operator asked for; all by default. */
final class Selection {

  @Option(names = "--tid", paramLabel = "TID", description = "Only the worker with this thread id.")
  private @Nullable Integer tid;

  @Option(names = "--tap", paramLabel = "NAME", description = "Only queues of this tap.")
  private @Nullable String tap;

  @Option(names = "--vm", paramLabel = "NAME", description = "Only queues of this VM.")
  private @Nullable String vm;

  private boolean isAll() {
    return tid == null && tap == null && vm == null;
  }

  /** Returns whether a queue's worker is to be captured; the VM's name is not known there yet. */
  boolean worker(QueueVerdict verdict) {
    boolean right = tid == null || tid == verdict.tid();
    return right && (tap == null || verdict.queue() == null || verdict.queue().tap().equals(tap));
  }

  /** Returns whether a worker that no census lists is to be captured. */
  boolean unlisted(int worker) {
    return tap == null && (tid == null || tid == worker);
  }

  /**
   * Returns the findings of the selected queues.
   *
   * @throws Failure if something was selected and there is no such queue
   */
  Findings of(Findings findings) throws Failure {
    if (isAll()) {
      return findings;
    }
    List<QueueVerdict> kept = new ArrayList<>();
    for (QueueVerdict verdict : findings.verdicts()) {
      String name = findings.vmm(verdict).map(Vmm::name).orElse("");
      boolean sameTap = tap == null || findings.port(verdict).name().equals(tap);
      if ((tid == null || tid == verdict.tid()) && sameTap && (vm == null || vm.equals(name))) {
        kept.add(verdict);
      }
    }
    List<UnexplainedWorker> unexplained = new ArrayList<>();
    for (UnexplainedWorker found : findings.unexplained()) {
      int worker = found.worker().tid();
      String name = findings.vmm(found.worker()).map(Vmm::name).orElse("");
      boolean serves = kept.stream().anyMatch(verdict -> verdict.tid() == worker);
      if (serves || (unlisted(worker) && (vm == null || vm.equals(name)))) {
        unexplained.add(found);
      }
    }
    if (kept.isEmpty() && unexplained.isEmpty()) {
      List<String> troubles = findings.troubles();
      throw new Failure(
          ExitCode.UNKNOWN,
          "no vhost_net queue here is of "
              + this
              + (troubles.isEmpty() ? "" : "; trouble: " + String.join("; ", troubles)));
    }
    return findings.with(kept, unexplained);
  }

  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    if (tid != null) {
      parts.add("worker " + tid);
    }
    if (tap != null) {
      parts.add("tap " + tap);
    }
    if (vm != null) {
      parts.add("VM " + vm);
    }
    return String.join(", ", parts);
  }
}
