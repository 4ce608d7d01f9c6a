package org.vhostwatch.daemon;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.VmmIdentity;
import org.vhostwatch.host.Worker;

/**
 * Names of VMs by process, read once a process and kept: a VMM that hangs still has its name. The
 * command line of a process can block its reader for as long as that process hangs, so it is read
 * on a thread of its own, and the loop waits for it only shortly.
 */
final class Identities {

  private static final long PATIENCE_MILLIS = 300;

  private final VmmIdentity identity;
  private final Map<Integer, Future<Optional<Vmm>>> lookups = new ConcurrentHashMap<>();
  private final ExecutorService reader =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "identity");
            thread.setDaemon(true);
            return thread;
          });

  Identities(VmmIdentity identity) {
    this.identity = identity;
  }

  /** Returns the name of the VM that a queue belongs to. */
  String vm(QueueVerdict verdict) {
    if (verdict.queue() != null) {
      int pid = verdict.queue().process();
      return name(pid, () -> identity.of(pid)).orElse("pid-" + pid);
    }
    return verdict.worker() == null ? "unknown" : vm(verdict.worker());
  }

  /** Returns the name of the VM that a worker belongs to. */
  String vm(Worker worker) {
    if (worker.kind() == Worker.Kind.VMM_THREAD) {
      return name(worker.tgid(), () -> identity.of(worker.tgid())).orElse("pid-" + worker.tgid());
    }
    return name(worker.tid(), () -> identity.of(worker)).orElse(worker.comm());
  }

  private Optional<String> name(int key, Supplier<Optional<Vmm>> read) {
    Future<Optional<Vmm>> lookup = lookups.computeIfAbsent(key, absent -> reader.submit(read::get));
    boolean waited = lookup.isDone();
    try {
      Optional<Vmm> vmm = lookup.get(waited ? 0 : PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      if (vmm.isEmpty()) {
        // Gone or not readable yet: worth another look, unlike a name, which does not change.
        lookups.remove(key);
      }
      return vmm.map(Vmm::name);
    } catch (TimeoutException | ExecutionException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** Forgets all but these processes and kernel threads: an id may become another's. */
  void keep(Set<Integer> ids) {
    lookups.keySet().retainAll(ids);
  }
}
