package org.vhostwatch.drill;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.SchedStat;

/**
 * The worker threads of the drill's own device, and their CPU time, from /proc.
 *
 * <p>The kernel names a worker {@code vhost-N}, N being the thread that called VHOST_SET_OWNER. It
 * is a thread of this process from Linux 6.4 on; before, and with vhost.fork_from_owner_default=0,
 * it is a kernel thread.
 */
final class VhostWorkers {
  /** CPU time in /proc/TID/stat counts in USER_HZ, 100 a second on x86-64 and aarch64. */
  private static final long MILLIS_PER_TICK = 10;

  private static final int COMM_LENGTH = 15;

  // Counted from the field after the comm, which may hold spaces: state is 0, utime 11, stime 12.
  private static final int STATE = 0;
  private static final int UTIME = 11;
  private static final int STIME = 12;

  private final List<Integer> tids;
  private final List<Path> folders;
  private final boolean kernelThreads;

  private VhostWorkers(List<Integer> tids, List<Path> folders, boolean kernelThreads) {
    this.tids = List.copyOf(tids);
    this.folders = List.copyOf(folders);
    this.kernelThreads = kernelThreads;
  }

  /**
   * The vhost workers that exist before ours does. Taken on the thread that will become the owner.
   */
  static final class Before {
    private final Path proc;
    private final String comm;
    private final Set<Integer> known = new HashSet<>();

    private Before(Path proc, String comm) {
      this.proc = proc;
      this.comm = comm;
    }

    /** Returns those that came since, threads of this process first; none is a possible answer. */
    VhostWorkers find() throws IOException {
      List<Integer> threads = fresh(ownThreads());
      if (!threads.isEmpty()) {
        return new VhostWorkers(threads, folders(ownThreads(), threads), false);
      }
      List<Integer> kernelThreads = fresh(proc);
      return new VhostWorkers(kernelThreads, folders(proc, kernelThreads), true);
    }

    private Path ownThreads() {
      return proc.resolve("self/task");
    }

    private List<Integer> fresh(Path directory) throws IOException {
      List<Integer> tids = new ArrayList<>(named(directory, comm));
      tids.removeAll(known);
      return tids;
    }

    private static List<Path> folders(Path directory, List<Integer> tids) {
      return tids.stream().map(tid -> directory.resolve(String.valueOf(tid))).toList();
    }
  }

  /**
   * Remembers the workers that exist now.
   *
   * @param proc /proc
   */
  static Before before(Path proc) throws IOException {
    // /proc/thread-self -> PID/task/TID
    String tid = Files.readSymbolicLink(proc.resolve("thread-self")).getFileName().toString();
    String comm = "vhost-" + tid;
    Before before = new Before(proc, comm.substring(0, Math.min(comm.length(), COMM_LENGTH)));
    before.known.addAll(named(before.ownThreads(), before.comm));
    before.known.addAll(named(proc, before.comm));
    return before;
  }

  /** Returns the thread ids; empty when none was found. */
  List<Integer> tids() {
    return tids;
  }

  /** Returns the CPU time of all of them together in milliseconds, in steps of 10. */
  long cpuMillis() throws IOException {
    long ticks = 0;
    for (Path folder : folders) {
      String[] fields = stat(folder);
      ticks += Long.parseLong(fields[UTIME]) + Long.parseLong(fields[STIME]);
    }
    return ticks * MILLIS_PER_TICK;
  }

  /**
   * Returns how long all of them together were runnable and had no CPU, in milliseconds; 0 where
   * the kernel does not count it.
   */
  long waitedMillis() {
    byte[] buffer = new byte[SchedStat.MAX_BYTES];
    // Without CONFIG_SCHED_INFO there is none: the states of the worker must do.
    return folders.stream()
            .flatMap(folder -> SchedStat.read(new ProcFs(folder), "schedstat", buffer).stream())
            .mapToLong(SchedStat::waitedNanos)
            .sum()
        / 1_000_000;
  }

  /** Returns whether one of them wants a CPU now: it has one, waits for one, or is throttled. */
  boolean runnable() throws IOException {
    for (Path folder : folders) {
      if (stat(folder)[STATE].equals("R")) {
        return true;
      }
    }
    return false;
  }

  private static String[] stat(Path folder) throws IOException {
    String line = Files.readString(folder.resolve("stat"));
    return line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
  }

  /** Says who they are, for example {@code worker 123} or {@code kernel worker 123}. */
  @Override
  public String toString() {
    String ids = String.join(", ", tids.stream().map(String::valueOf).toList());
    return tids.isEmpty() ? "no worker" : (kernelThreads ? "kernel worker " : "worker ") + ids;
  }

  private static List<Integer> named(Path directory, String comm) throws IOException {
    List<Integer> tids = new ArrayList<>();
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(directory, "[0-9]*")) {
      for (Path thread : threads) {
        if (comm.equals(commOf(thread))) {
          tids.add(Integer.parseInt(thread.getFileName().toString()));
        }
      }
    }
    return tids;
  }

  private static String commOf(Path thread) {
    try {
      return Files.readString(thread.resolve("comm"), StandardCharsets.ISO_8859_1).strip();
    } catch (IOException e) {
      // Gone between the listing and the reading: it is nobody's worker any more.
      return "";
    }
  }
}
