package org.vhostwatch.daemon;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.host.OutsideReads;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.VmmFiles;
import org.vhostwatch.host.VmmIdentity;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerId;

/**
 * Names of VMs by process, read once a process and kept: a VMM that hangs still has its name. Where
 * the command line has none, it is read again now and then. The command line of a process can block
 * its reader for as long as that process hangs, so the loop waits for it only shortly, and not
 * again: the process' own name serves until the VM's comes.
 */
final class Identities {

  private static final int PATIENCE_MILLIS = 300;
  private static final int MOST = 32;

  /** A tap may be renamed or moved to another bridge. */
  private static final Duration REFRESH = Duration.ofMinutes(10);

  /**
   * A command line without a VM's name may be that of whoever starts the VM: between fork and exec
   * the process is still called what libvirt's daemon is, and has the VM's files already.
   */
  private static final long UNTOLD_NANOS = 60_000_000_000L;

  /** A process, and when its command line was read. */
  private record Known(Vmm vmm, long at) {}

  /** Whose files were read, and when. */
  private record Inferred(List<WorkerId> workers, long at) {}

  private final VmmIdentity identity;
  private final VmmFiles files;
  private final Map<Integer, Inferred> inferred = new HashMap<>();
  private final Map<WorkerId, TapPort> ports = new ConcurrentHashMap<>();
  private final Map<WorkerId, List<String>> devices = new HashMap<>();
  private final Map<Integer, Known> known = new ConcurrentHashMap<>();
  private final OutsideReads reads = new OutsideReads("identity", PATIENCE_MILLIS, MOST);

  Identities(VmmIdentity identity, VmmFiles files) {
    this.identity = identity;
    this.files = files;
  }

  /** Returns the process that a queue belongs to. */
  Optional<Vmm> vmm(QueueVerdict verdict) {
    if (verdict.queue() != null) {
      int pid = verdict.queue().process();
      return vmm(pid, () -> identity.of(pid), () -> identity.unnamed(pid));
    }
    return verdict.worker() == null ? Optional.empty() : vmm(verdict.worker());
  }

  /** Returns the process that a worker belongs to. */
  Optional<Vmm> vmm(Worker worker) {
    return worker.kind() == Worker.Kind.VMM_THREAD
        ? vmm(worker.tgid(), () -> identity.of(worker), () -> identity.unnamed(worker))
        : vmm(worker.tid(), () -> identity.of(worker), () -> identity.unnamed(worker));
  }

  /**
   * Returns the kinds of vhost devices that a worker's process has open; none if they could not be
   * read. They are read once a worker.
   */
  List<String> devices(Worker worker, Vmm vmm) {
    return devices.computeIfAbsent(
        worker.id(),
        absent ->
            reads
                .ask("devices of " + vmm.pid(), () -> Optional.of(files.devices(vmm.pid())))
                .value()
                .orElse(List.of()));
  }

  /** Forgets the devices of all but these workers. */
  void keepDevices(Collection<WorkerId> workers) {
    devices.keySet().retainAll(workers);
  }

  /** Returns the tap of a queue's worker as far as it was inferred. */
  TapPort port(QueueVerdict verdict) {
    return verdict.worker() == null
        ? TapPort.NONE
        : ports.getOrDefault(verdict.worker().id(), TapPort.NONE);
  }

  /**
   * Infers the taps of these workers from the files of their VMMs: again when a VMM's workers
   * changed, and else rarely, because it takes the lock of all network devices. Each call asks for
   * one VMM at most.
   *
   * @param workers all workers of the host; none if nothing needs to be inferred
   */
  void infer(List<Worker> workers, long now) {
    Map<Integer, List<Worker>> byVmm = new TreeMap<>();
    for (Worker worker : workers) {
      vmm(worker)
          .ifPresent(
              vmm -> byVmm.computeIfAbsent(vmm.pid(), absent -> new ArrayList<>()).add(worker));
    }
    inferred.keySet().retainAll(byVmm.keySet());
    Set<WorkerId> living = new HashSet<>();
    workers.forEach(worker -> living.add(worker.id()));
    ports.keySet().retainAll(living);
    for (Map.Entry<Integer, List<Worker>> entry : byVmm.entrySet()) {
      int pid = entry.getKey();
      List<WorkerId> ids = entry.getValue().stream().map(Worker::id).toList();
      Inferred before = inferred.get(pid);
      if (before == null
          || !before.workers().equals(ids)
          || now - before.at() >= REFRESH.toNanos()) {
        inferred.put(pid, new Inferred(ids, now));
        reads.ask(
            "files of " + pid,
            () -> {
              Map<WorkerId, TapPort> found = files.ports(pid, entry.getValue());
              ports.putAll(found);
              return Optional.of(found);
            });
        return;
      }
    }
  }

  private Optional<Vmm> vmm(
      int key, Supplier<Optional<Vmm>> read, Supplier<Optional<Vmm>> otherwise) {
    Known before = known.get(key);
    if (before != null && (before.vmm().told() || System.nanoTime() - before.at() < UNTOLD_NANOS)) {
      return Optional.of(before.vmm());
    }
    // Nothing is kept of one that is gone or not readable yet: worth another look, unlike a name.
    OutsideReads.Answer<Vmm> answer =
        reads.ask(
            key,
            () -> {
              Optional<Vmm> found = read.get();
              found.ifPresent(named -> known.put(key, new Known(named, System.nanoTime())));
              return found;
            });
    if (answer.inTime()) {
      return answer.value();
    }
    return before != null ? Optional.of(before.vmm()) : otherwise.get();
  }

  /** Forgets all but these processes and kernel threads: an id may become another's. */
  void keep(Set<Integer> ids) {
    known.keySet().retainAll(ids);
  }
}
