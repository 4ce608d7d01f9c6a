package org.vhostwatch.host;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Questions about single processes and threads, answered from small files that never block. */
public final class Tasks {

  /** Where a frozen task waits: in a cgroup of version 2 or 1. Its state says only that it does. */
  private static final Set<String> FROZEN = Set.of("do_freezer_trap", "__refrigerator");

  private static final int MAX_WCHAN = 128;

  private Tasks() {}

  /** Returns the starts, in ticks since boot, of those processes that live; a zombie does not. */
  public static Map<Integer, Long> starts(ProcFs fs, Collection<Integer> pids) {
    Map<Integer, Long> starts = new HashMap<>();
    for (int pid : pids) {
      stat(fs, pid)
          .filter(stat -> stat.state() != 'Z' && stat.state() != 'X')
          .ifPresent(stat -> starts.put(pid, stat.startTicks()));
    }
    return starts;
  }

  /** Returns those threads that are stopped by a signal, or frozen. */
  public static Set<Integer> stopped(ProcFs fs, Collection<Integer> tids) {
    Set<Integer> stopped = new HashSet<>();
    for (int tid : tids) {
      Optional<TaskStat> stat = stat(fs, tid);
      if (stat.isPresent()) {
        char state = stat.get().state();
        boolean frozen =
            state != 'R'
                && fs.text("proc/" + tid + "/wchan", MAX_WCHAN)
                    .filter(FROZEN::contains)
                    .isPresent();
        if (state == 'T' || state == 't' || frozen) {
          stopped.add(tid);
        }
      }
    }
    return stopped;
  }

  /**
   * Returns the CPU time so far of those threads of a process that have such a name, by thread:
   * nanoseconds, in steps of 10 ms.
   */
  public static Map<Integer, Long> cpuNanos(ProcFs fs, long pid, Predicate<String> name) {
    byte[] buffer = new byte[TaskStat.MAX_BYTES];
    String folder = "proc/" + pid + "/task";
    Map<Integer, Long> nanos = new HashMap<>();
    for (int tid : fs.ids(folder)) {
      TaskStat.read(fs, folder + "/" + tid + "/stat", buffer)
          .filter(stat -> name.test(stat.comm()))
          .ifPresent(stat -> nanos.put(tid, stat.cpuTicks() * Worker.NANOS_PER_TICK));
    }
    return nanos;
  }

  private static Optional<TaskStat> stat(ProcFs fs, int id) {
    return fs.read("proc/" + id + "/stat", TaskStat.MAX_BYTES)
        .flatMap(bytes -> TaskStat.parse(bytes, bytes.length));
  }
}
