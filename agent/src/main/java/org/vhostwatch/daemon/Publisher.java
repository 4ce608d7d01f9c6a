package org.vhostwatch.daemon;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.QueueStatus;

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

  HostSnapshot publish(List<QueueVerdict> verdicts, List<Worker> workers, Sight sight) {
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
      queues.add(
          new QueueStatus(
              identities.vm(verdict),
              verdict.queue() == null ? "" : verdict.queue().tap(),
              verdict.queue() == null ? 0 : verdict.queue().queueIndex(),
              verdict,
              since));
    }
    List<HostSnapshot.WorkerStatus> named = new ArrayList<>();
    for (Worker worker : workers) {
      ids.add(worker.tgid());
      named.add(new HostSnapshot.WorkerStatus(identities.vm(worker), worker));
    }
    identities.keep(ids);
    return new HostSnapshot(
        wall,
        sight.kit().map(ProbeKit::facts).map(facts -> facts.release()).orElse(""),
        queues,
        named,
        sight.status(),
        sight.totals());
  }
}
