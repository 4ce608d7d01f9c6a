package org.vhostwatch.report;

import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;

/** How a queue is called in a sentence. */
final class Names {

  private Names() {}

  /** Returns for example {@code VM web01, tap vnet3, queue 0, worker 4711}. */
  static String of(Findings findings, QueueVerdict verdict) {
    String vm = findings.vmm(verdict).map(Vmm::name).map(Printable::of).orElse("unknown");
    String worker = verdict.tid() == 0 ? "no worker" : "worker " + verdict.tid();
    TapPort port = findings.port(verdict);
    if (verdict.queue() == null && port.name().isEmpty()) {
      return "VM " + vm + ", " + worker;
    }
    String tap = port.name();
    return "VM "
        + vm
        + ", tap "
        + (tap.isEmpty() ? "(none)" : Printable.of(tap))
        + ", queue "
        + Math.max(0, port.queueIndex())
        + ", "
        + worker;
  }
}
