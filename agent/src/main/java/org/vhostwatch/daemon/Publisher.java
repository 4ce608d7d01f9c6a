package org.vhostwatch.daemon;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.QueueStatus;
import org.vhostwatch.snapshot.UnexplainedStatus;

/** Makes snapshots: gives queues their names and wall-clock times. */
final class Publisher {

  private static final long NAMELESS_NANOS = 15_000_000_000L;

  private final Identities identities;

  Publisher(Identities identities) {
    this.identities = identities;
  }

  /**
   * Returns whether a queue is so new that the census which will name it has not ended: published
   * without its tap it would be another queue to all who read.
   */
  private static boolean nameComes(QueueVerdict verdict, long now) {
    return verdict.queue() == null
        && verdict.spin() != null
        && now - verdict.spin().start() < NAMELESS_NANOS;
  }

  private static String nameless(QueueVerdict verdict) {
    if (verdict.queue() != null) {
      return "pid-" + verdict.queue().process();
    }
    return verdict.worker() == null ? "unknown" : nameless(verdict.worker());
  }

  private static String nameless(Worker worker) {
    return worker.kind() == Worker.Kind.VMM_THREAD ? "pid-" + worker.tgid() : worker.comm();
  }

  /** Returns whose these workers are, and what their processes have open. */
  List<UnexplainedStatus> unexplained(List<UnexplainedWorker> all, long now) {
    identities.keepDevices(all.stream().map(found -> found.worker().id()).toList());
    long wall = System.currentTimeMillis();
    List<UnexplainedStatus> named = new ArrayList<>();
    for (UnexplainedWorker found : all) {
      Optional<Vmm> vmm = identities.vmm(found.worker());
      named.add(
          new UnexplainedStatus(
              vmm.map(Vmm::name).orElseGet(() -> nameless(found.worker())),
              vmm,
              vmm.map(process -> identities.devices(found.worker(), process)).orElse(List.of()),
              found,
              wall - (now - found.since()) / 1_000_000));
    }
    return named;
  }

  /**
   * @param waiting VMs whose VMMs wait for their vhost worker, by process
   */
  HostSnapshot publish(
      List<QueueVerdict> verdicts,
      List<Worker> workers,
      Sight sight,
      KernelExposure exposure,
      Map<Integer, String> waiting) {
    long wall = System.currentTimeMillis();
    long now = System.nanoTime();
    Set<Integer> ids = new HashSet<>();
    List<QueueStatus> queues = new ArrayList<>();
    for (QueueVerdict verdict : verdicts) {
      if (sight.censusPossible() && nameComes(verdict, now)) {
        continue;
      }
      if (verdict.queue() != null) {
        ids.add(verdict.queue().process());
      }
      long since = verdict.since() == 0 ? 0 : wall - (now - verdict.since()) / 1_000_000;
      Optional<Vmm> vmm = identities.vmm(verdict);
      queues.add(
          new QueueStatus(
              vmm.map(Vmm::name).orElseGet(() -> nameless(verdict)),
              vmm,
              verdict.queue() == null ? identities.port(verdict) : verdict.queue().port(),
              verdict,
              since));
    }
    List<HostSnapshot.WorkerStatus> named = new ArrayList<>();
    for (Worker worker : workers) {
      ids.add(worker.tgid());
      named.add(
          new HostSnapshot.WorkerStatus(
              identities.vmm(worker).map(Vmm::name).orElseGet(() -> nameless(worker)), worker));
    }
    identities.keep(ids);
    // Only a host without a census is asked for what its VMMs hold.
    identities.infer(sight.censusPossible() || sight.idle() ? List.of() : workers, now);
    return new HostSnapshot(
        wall,
        sight.kit().map(ProbeKit::facts).map(facts -> facts.release()).orElse(""),
        queues,
        named,
        sight.status(),
        sight.totals(),
        sight.episodes(),
        exposure,
        IncidentTotals.NONE,
        sight.cost(),
        waiting);
  }
}
