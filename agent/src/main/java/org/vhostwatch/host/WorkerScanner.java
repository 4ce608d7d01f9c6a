package org.vhostwatch.host;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the host's workers in /proc. The name alone does not make one, as every process may name
 * its threads: the kernel's own flags for kthreads and for user workers must agree.
 *
 * <p>Cost: the kernel names a worker before it first runs and nobody renames it, so a thread that
 * was none stays none and is not read again. With P processes that have T threads and W workers
 * among them, the first scan reads P + P*T stat files; a {@link #scan()} after that lists /proc and
 * P task directories, and reads the stat of new threads and of the W workers, and the workers'
 * schedstat. {@link #scan(Set)} lists /proc and the task directories of those processes alone that
 * may have workers. {@link #refresh} reads 2*W files and nothing else. As thread ids come again,
 * all is forgotten at every {@value #FORGET_EVERY}th scan: a worker that got the id of an old
 * thread of the same process is found then.
 *
 * <p>Not for use by several threads at once.
 */
public final class WorkerScanner {
  private static final int FORGET_EVERY = 30;

  /** Every so often, all processes are looked through, whatever is known of them. */
  private static final int WHOLE_EVERY = 4;

  /** A VMM has its first worker by the second look at it. */
  private static final int YOUNG_LOOKS = 2;

  /** A process that was looked through. */
  private static final class Known {
    static final Known NOTHING = new Known(new int[0], 0, false);

    /** Those that are known not to be workers, ascending. */
    final int[] threads;

    /** How many scans looked through it. */
    final int looks;

    /** Whether it had workers at the last of them. */
    final boolean workers;

    Known(int[] threads, int looks, boolean workers) {
      this.threads = threads;
      this.looks = looks;
      this.workers = workers;
    }
  }

  private final ProcFs fs;
  private final byte[] buffer = new byte[TaskStat.MAX_BYTES];

  /** Kthreads that are no workers. */
  private Set<Integer> kernelThreads = new HashSet<>();

  private Map<Integer, Known> processes = new HashMap<>();

  private int scans;

  public WorkerScanner(ProcFs fs) {
    this.fs = fs;
  }

  /** Returns all workers there are now, by ascending process id. */
  public List<Worker> scan() {
    return scan(Optional.empty());
  }

  /**
   * Returns the workers of processes that have had one, of processes that are new, and of some
   * others; at each {@value #WHOLE_EVERY}th call all workers there are. By ascending process id.
   *
   * @param owners processes that have vhost files open, as a census found them: one that has been
   *     there for long may have its first worker now
   */
  public List<Worker> scan(Set<Integer> owners) {
    return scan(scans % WHOLE_EVERY == 0 ? Optional.empty() : Optional.of(owners));
  }

  private List<Worker> scan(Optional<Set<Integer>> owners) {
    if (scans++ % FORGET_EVERY == 0) {
      kernelThreads = new HashSet<>();
      processes = new HashMap<>();
    }
    List<Worker> workers = new ArrayList<>();
    Set<Integer> kernelThreadsNow = new HashSet<>();
    Map<Integer, Known> processesNow = new HashMap<>();
    for (int pid : fs.ids("proc")) {
      Known known = processes.get(pid);
      if (kernelThreads.contains(pid)) {
        kernelThreadsNow.add(pid);
      } else if (known != null) {
        boolean look =
            known.workers
                || known.looks < YOUNG_LOOKS
                || owners.isEmpty()
                || owners.get().contains(pid);
        processesNow.put(pid, look ? look(pid, known, workers) : known);
      } else {
        Optional<TaskStat> leader = stat(pid, pid);
        if (leader.isEmpty()) {
          continue;
        }
        if (!leader.get().isKernelThread()) {
          processesNow.put(pid, look(pid, Known.NOTHING, workers));
        } else if (Worker.isWorkerName(leader.get().comm())) {
          workers.add(worker(leader.get(), pid, Worker.Kind.KTHREAD));
        } else {
          kernelThreadsNow.add(pid);
        }
      }
    }
    kernelThreads = kernelThreadsNow;
    processes = processesNow;
    return List.copyOf(workers);
  }

  /** Returns those of the workers that still live, with what /proc says of them now. */
  public List<Worker> refresh(List<Worker> workers) {
    List<Worker> alive = new ArrayList<>(workers.size());
    for (Worker worker : workers) {
      Optional<TaskStat> stat = stat(worker.tgid(), worker.tid());
      if (stat.isPresent() && stat.get().startTicks() == worker.startTicks()) {
        alive.add(worker(stat.get(), worker.tgid(), worker.kind()));
      }
    }
    return List.copyOf(alive);
  }

  /** Adds a process' workers to the list and returns what is known of it now. */
  private Known look(int pid, Known known, List<Worker> workers) {
    int[] tids = fs.ids("proc/" + pid + "/task");
    int[] rest = new int[tids.length];
    int count = 0;
    int before = workers.size();
    for (int tid : tids) {
      if (Arrays.binarySearch(known.threads, tid) < 0) {
        Optional<TaskStat> stat = stat(pid, tid);
        if (stat.isEmpty()) {
          continue;
        }
        if (stat.get().isUserWorker() && Worker.isWorkerName(stat.get().comm())) {
          workers.add(worker(stat.get(), pid, Worker.Kind.VMM_THREAD));
          continue;
        }
      }
      rest[count++] = tid;
    }
    return new Known(Arrays.copyOf(rest, count), known.looks + 1, workers.size() > before);
  }

  private long waited(int pid, int tid) {
    return SchedStat.read(fs, "proc/" + pid + "/task/" + tid + "/schedstat", buffer)
        .map(SchedStat::waitedNanos)
        .orElse(Worker.UNKNOWN);
  }

  /** The file below task/, because the process' own sums up all its threads. */
  private Optional<TaskStat> stat(int pid, int tid) {
    return TaskStat.read(fs, "proc/" + pid + "/task/" + tid + "/stat", buffer);
  }

  private Worker worker(TaskStat stat, int tgid, Worker.Kind kind) {
    return new Worker(
        stat.tid(),
        tgid,
        stat.startTicks(),
        stat.comm(),
        kind,
        stat.state(),
        stat.cpuTicks(),
        waited(tgid, stat.tid()),
        stat.cpu(),
        stat.nice());
  }
}
