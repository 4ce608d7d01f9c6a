package org.vhostwatch.host;

import java.util.OptionalInt;

/**
 * A vhost thread as the host sees it at one moment.
 *
 * @param tid thread id
 * @param tgid process id that the thread belongs to: the VMM's, or the thread's own for a kthread
 * @param startTicks when it started, since boot, in {@link #TICKS_PER_SECOND}
 * @param comm its name, {@code vhost-} and a number
 * @param state R, S, D, T, ... as in proc_pid_stat(5)
 * @param cpuTicks CPU time used so far, user and kernel mode together, in {@link #TICKS_PER_SECOND}
 * @param waitedNanos time that it was runnable and waited for a CPU so far, in nanoseconds, or
 *     {@link #UNKNOWN}: the second number of /proc/PID/task/TID/schedstat
 *     (Documentation/scheduler/sched-stats.rst)
 * @param cpu the CPU it ran on last
 * @param nice -20 to 19
 */
public record Worker(
    int tid,
    int tgid,
    long startTicks,
    String comm,
    Kind kind,
    char state,
    long cpuTicks,
    long waitedNanos,
    int cpu,
    int nice) {
  /**
   * USER_HZ, the unit of times in /proc: 100 on every architecture that has KVM and vhost, whatever
   * HZ the kernel was built with.
   */
  public static final int TICKS_PER_SECOND = 100;

  static final long NANOS_PER_TICK = 1_000_000_000L / TICKS_PER_SECOND;

  /** Where the kernel was built without CONFIG_SCHED_INFO. */
  public static final long UNKNOWN = -1;

  static final String PREFIX = "vhost-";

  /** How the kernel runs the worker. */
  public enum Kind {
    /** A thread of the kernel, to 6.3 and with fork_from_owner off. */
    KTHREAD,
    /** A thread of the process that owns the device, from 6.4. */
    VMM_THREAD
  }

  public WorkerId id() {
    return new WorkerId(tid, startTicks);
  }

  /**
   * Returns the number in the name: the id of the thread that made itself the device's owner. That
   * is the VMM's main thread in QEMU, but need not be elsewhere; for a kthread it is the only trace
   * in /proc of whose it is.
   */
  public OptionalInt ownerTid() {
    int owner = comm.startsWith(PREFIX) ? ProcFs.id(comm.substring(PREFIX.length())) : -1;
    return owner > 0 ? OptionalInt.of(owner) : OptionalInt.empty();
  }

  static boolean isWorkerName(String comm) {
    return comm.startsWith(PREFIX) && ProcFs.id(comm.substring(PREFIX.length())) > 0;
  }
}
