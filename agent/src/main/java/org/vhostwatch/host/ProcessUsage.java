package org.vhostwatch.host;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What one process has used, as /proc/PID tells; see proc_pid_stat(5).
 *
 * @param parent the process that started it, 0 if none
 * @param cpuNanos its CPU time so far, in steps of 10 ms
 * @param endedChildrenNanos CPU time of its children that have ended and were waited for, theirs
 *     included
 * @param residentBytes its resident memory, pages that it shares included
 */
public record ProcessUsage(int parent, long cpuNanos, long endedChildrenNanos, long residentBytes) {

  private static final int MAX_STATUS_BYTES = 8 << 10;

  /** Reads a process; empty if there is none, or if it is one of the kernel's own. */
  public static Optional<ProcessUsage> read(ProcFs fs, long pid) {
    Optional<TaskStat> stat =
        TaskStat.read(fs, "proc/" + pid + "/stat", new byte[TaskStat.MAX_BYTES]);
    OptionalLong resident = resident(fs, pid);
    return stat.isEmpty() || resident.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new ProcessUsage(
                stat.get().parent(),
                stat.get().cpuTicks() * Worker.NANOS_PER_TICK,
                stat.get().endedTicks() * Worker.NANOS_PER_TICK,
                resident.getAsLong()));
  }

  /** Here in kB, whatever the size of a page; in stat it is in pages. */
  private static OptionalLong resident(ProcFs fs, long pid) {
    OptionalLong kilobytes =
        Fields.of(fs, "proc/" + pid + "/status", MAX_STATUS_BYTES).number("VmRSS");
    return kilobytes.isEmpty() ? kilobytes : OptionalLong.of(kilobytes.getAsLong() * 1024);
  }
}
