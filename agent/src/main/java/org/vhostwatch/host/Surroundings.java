package org.vhostwatch.host;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What goes on around one queue over some time: its VMM, its worker's CPU, its tap. Each part is
 * empty if it could not be read. Text is as it was found, any characters.
 *
 * @param vq address of the queue
 * @param nanos time between the two readings that differences are of
 * @param worker how the worker is scheduled
 * @param vmm the process that owns the queue
 * @param onCpu who else ran last on the worker's CPU and used CPU time meanwhile, most first
 * @param cpuCut whether not all threads of the host could be looked at
 * @param tap the tap's counters
 * @param troubles what could not be read, and why
 */
public record Surroundings(
    long vq,
    long nanos,
    Optional<Scheduling> worker,
    Optional<VmmState> vmm,
    List<Runner> onCpu,
    boolean cpuCut,
    Optional<TapCounters> tap,
    List<String> troubles) {

  /** What the names of this program's own threads begin with. */
  public static final String OWN = "vhostwatch/";

  public Surroundings {
    onCpu = List.copyOf(onCpu);
    troubles = List.copyOf(troubles);
  }

  /** Returns the time between the two readings in seconds. */
  public double seconds() {
    return nanos / 1e9;
  }

  /**
   * How a thread is scheduled.
   *
   * @param cpu where it ran last
   * @param allowed the CPUs it may run on, as {@code 0-3,8}; empty if not known
   * @param ranPermille share of the time that it ran, -1 if not known
   * @param waitedPermille share of the time that it was ready and waited for a CPU, -1 if not known
   */
  public record Scheduling(
      int cpu,
      String allowed,
      int nice,
      int policy,
      int rtPriority,
      int ranPermille,
      int waitedPermille) {}

  /**
   * A process that runs a VM.
   *
   * @param state of its main thread, as in proc_pid_stat(5)
   * @param threads how many it has
   * @param stopped how many of them are stopped, by a signal or a tracer
   * @param frozen whether its cgroup is frozen; empty if not known
   * @param uninterruptible how many threads are in D state
   * @param waiting some of those
   * @param hottest the thread that used most CPU time, the worker left out
   */
  public record VmmState(
      int pid,
      char state,
      int threads,
      int stopped,
      Optional<Boolean> frozen,
      int uninterruptible,
      List<Waiting> waiting,
      Optional<Runner> hottest) {
    public VmmState {
      waiting = List.copyOf(waiting);
    }

    /** Returns whether a thread waits for a vhost worker. */
    public boolean waitsForVhost() {
      return waiting.stream().anyMatch(Waiting::forVhost);
    }
  }

  /**
   * A thread in D state.
   *
   * @param wchan the kernel function that it waits in, empty if not known
   * @param stack its kernel stack, innermost first; empty if it may not be read
   */
  public record Waiting(int tid, String comm, String wchan, List<String> stack) {
    /**
     * Beginnings of functions that wait for a worker to end its work, or for a lock it may hold.
     */
    private static final List<String> VHOST =
        List.of(
            "__vhost_worker_flush",
            "vhost_dev_",
            "vhost_net_",
            "vhost_poll_flush",
            "vhost_task_stop",
            "vhost_vq_",
            "vhost_vring_",
            "vhost_work_",
            "vhost_worker_flush");

    /** Ends of the frames of vhost's own modules, as they are on most kernels. */
    private static final List<String> MODULES = List.of(" [vhost]", " [vhost_net]");

    /** What a worker itself runs, which is a thread of the VMM since Linux 6.4. */
    private static final List<String> WORKER =
        List.of("vhost_run_work_list+", "vhost_task_fn+", "vhost_worker+");

    /** Waits for the end of any kthread, before Linux 6.4 of a worker too. */
    private static final String KTHREAD_STOP = "kthread_stop";

    /** Wait for packets that a device below has not sent yet. */
    private static final String ZERO_COPY = "vhost_net_ubuf_put_";

    private static final Pattern WORKER_NAME = Pattern.compile("vhost-\\d+");

    /** Parts of the names of functions that wait for storage. */
    private static final List<String> STORAGE =
        List.of(
            "io_schedule",
            "blk_",
            "bio_",
            "nfs",
            "rpc_",
            "drbd",
            "ceph",
            "rbd_",
            "jbd2",
            "ext4_",
            "xfs_",
            "btrfs_",
            "folio_wait",
            "wait_on_page",
            "fuse_",
            "dm_",
            "nvme_",
            "scsi_");

    public Waiting {
      stack = List.copyOf(stack);
    }

    /**
     * Returns whether it waits for a vhost worker, and is none itself. Where it waits counts, not
     * what it was called by: a page that vhost needs is no worker.
     */
    public boolean forVhost() {
      boolean vhost =
          (wchan.isEmpty() || wchan.equals(KTHREAD_STOP))
              ? VHOST.stream().anyMatch(this::passes)
              : VHOST.stream().anyMatch(wchan::startsWith);
      boolean inModule = !stack.isEmpty() && MODULES.stream().anyMatch(stack.get(0)::endsWith);
      return (vhost || inModule)
          && !passes(ZERO_COPY)
          && WORKER.stream().noneMatch(this::passes)
          && !WORKER_NAME.matcher(comm).matches();
    }

    public boolean inStorage() {
      return !forVhost() && STORAGE.stream().anyMatch(this::passes);
    }

    private boolean passes(String function) {
      return wchan.startsWith(function)
          || stack.stream().anyMatch(frame -> frame.startsWith(function));
    }
  }

  /**
   * A thread that used CPU time.
   *
   * @param comm its name; of this program's own with {@link #OWN} before it
   * @param permille of one CPU, over the time between the readings
   * @param policy how it is scheduled; sched(7)
   */
  public record Runner(int tid, int pid, String comm, int permille, int policy, int rtPriority) {}

  /**
   * A tap's counters at the end, and by how much they grew. The tap transmits what the guest
   * receives.
   */
  public record TapCounters(
      String name,
      long txPackets,
      long txDropped,
      long txPacketsMore,
      long txDroppedMore,
      long rxPacketsMore) {

    /** Whether the guest gets packets. */
    public enum Flow {
      /** Packets go to the guest. */
      MOVING,
      /** None does, and those that come are dropped: the tap's queue is full. */
      DROPPING,
      /** None does, and none is dropped. */
      STILL
    }

    public Flow flow() {
      return txPacketsMore > 0 ? Flow.MOVING : txDroppedMore > 0 ? Flow.DROPPING : Flow.STILL;
    }
  }
}
