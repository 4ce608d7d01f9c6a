package org.vhostwatch.report;

import java.util.Optional;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;

/** Whose a queue or a worker is, as far as the findings tell. */
final class Owners {

  private Owners() {}

  static QueueJson.Identity of(Findings findings, QueueVerdict verdict) {
    Optional<Vmm> vmm = findings.vmm(verdict);
    return new QueueJson.Identity(
        vmm.map(Vmm::name).orElse(null),
        vmm,
        vmm.map(Vmm::pid).orElse(process(verdict)),
        findings.port(verdict));
  }

  private static int process(QueueVerdict verdict) {
    if (verdict.queue() != null) {
      return verdict.queue().process();
    }
    Worker worker = verdict.worker();
    return worker != null && worker.kind() == Worker.Kind.VMM_THREAD ? worker.tgid() : 0;
  }
}
