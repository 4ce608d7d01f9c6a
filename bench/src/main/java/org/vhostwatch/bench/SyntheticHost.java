package org.vhostwatch.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.vhostwatch.probe.Census;
import org.vhostwatch.probe.CensusAssembler;

/**
 * A /proc of VMs, as files: a VMM of six threads and its workers each, every tenth VM with four
 * queue pairs; and other processes with many threads. All of them sleep. What a census would say of
 * the host comes with it, in the words of the census script.
 */
public final class SyntheticHost {

  private static final int VMM_THREADS = 6;
  private static final int QUEUE_PAIRS = 4;
  private static final int MANY_QUEUES_EACH = 10;

  /** Above what the kernel gives, so that a real process can be shown beside. */
  private static final int FIRST_PID = 10_000_000;

  private static final int FIRST_OTHER = 50_000_000;

  private static final long PROCESS = 0x00400040;
  private static final long WORKER = 0x00404040;

  private final Path root;
  private final Deque<Vm> vms = new ArrayDeque<>();
  private int nextPid = FIRST_PID;
  private int made;
  private int workers;
  private int threads;

  private record Vm(int pid, int number, int queues) {
    String name() {
      return "vm" + number;
    }

    int worker(int queue) {
      return pid + VMM_THREADS + queue;
    }
  }

  /**
   * @param root a folder that does not exist or has no processes in its proc
   */
  public SyntheticHost(Path root) throws IOException {
    this.root = root;
    Files.createDirectories(root.resolve("proc"));
  }

  /** Starts VMs until there are so many workers. */
  public SyntheticHost workers(int wanted) throws IOException {
    while (workers < wanted) {
      int queues = made % MANY_QUEUES_EACH == 0 ? QUEUE_PAIRS : 1;
      start(Math.min(queues, wanted - workers));
    }
    return this;
  }

  /** Starts processes that have nothing to do with VMs. */
  public SyntheticHost others(int processes, int threadsEach) throws IOException {
    for (int i = 0; i < processes; i++) {
      int pid = FIRST_OTHER + i * threadsEach;
      process(pid, "java", "/usr/bin/java\0-jar\0other.jar\0");
      for (int thread = 0; thread < threadsEach; thread++) {
        thread(pid, pid + thread, "worker-" + thread, PROCESS, 500);
      }
    }
    return this;
  }

  /**
   * Ends the oldest VMs and starts as many of the same kind.
   *
   * @return the names of those that are gone
   */
  public List<String> replace(int count) throws IOException {
    List<String> gone = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Vm vm = vms.removeFirst();
      delete(root.resolve("proc/" + vm.pid()));
      workers -= vm.queues();
      threads -= VMM_THREADS + vm.queues();
      gone.add(vm.name());
      start(vm.queues());
    }
    return gone;
  }

  /** Returns how many VMs run. */
  public int vms() {
    return vms.size();
  }

  /** Returns how many threads there are, workers and all. */
  public int threads() {
    return threads;
  }

  /** Returns what a census reads. */
  public Census census() {
    CensusAssembler assembler = new CensusAssembler();
    lines().forEach(assembler::accept);
    return assembler.finish();
  }

  /** Writes what a census prints; who reads the file sees the old one or the new one. */
  public void writeCensus(Path file) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".next");
    Files.write(next, lines());
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (Vm vm : vms) {
      for (int queue = 0; queue < vm.queues(); queue++) {
        lines.add(
            "queue vq="
                + Long.toUnsignedString(0xffff888000000000L + 0x8000L * vm.worker(queue))
                + (" pid=" + vm.pid() + " fd=" + (20 + queue) + " owner=" + vm.pid())
                + (" worker=" + vm.worker(queue) + " num=256 avail=100 last=100 used=100 txlast=7")
                + " features=4295000064 busyloop=0 head=0 tail=0 packet=0 bytes=0 backend=1"
                + (" index=" + queue + " ifindex=" + (10 + vm.number()) + " netns=4026531833")
                + (" master=br0 tap=tap" + vm.number()));
      }
    }
    return lines;
  }

  private void start(int queues) throws IOException {
    Vm vm = new Vm(nextPid, made, queues);
    process(
        vm.pid(),
        "qemu-system-x86",
        "/usr/bin/qemu-system-x86_64\0-name\0guest="
            + vm.name()
            + ",debug-threads=on\0-uuid\0"
            + "00000000-0000-0000-0000-000000000000\0");
    for (int i = 0; i < VMM_THREADS; i++) {
      thread(vm.pid(), vm.pid() + i, "qemu-system-x86", PROCESS, 1000L + made);
    }
    for (int queue = 0; queue < queues; queue++) {
      thread(vm.pid(), vm.worker(queue), "vhost-" + vm.pid(), WORKER, 1000L + made);
    }
    vms.addLast(vm);
    workers += queues;
    nextPid += VMM_THREADS + QUEUE_PAIRS;
    made++;
  }

  private void process(int pid, String comm, String commandLine) throws IOException {
    Path process = Files.createDirectories(root.resolve("proc/" + pid));
    Files.writeString(process.resolve("cmdline"), commandLine);
    Files.writeString(process.resolve("comm"), comm + "\n");
    Files.writeString(process.resolve("stat"), stat(pid, comm, PROCESS, 1000L + made));
    Files.writeString(
        process.resolve("status"), "Name:\t" + comm + "\nTgid:\t" + pid + "\nPid:\t" + pid + "\n");
  }

  private void thread(int pid, int tid, String comm, long flags, long start) throws IOException {
    Path task = Files.createDirectories(root.resolve("proc/" + pid + "/task/" + tid));
    Files.writeString(task.resolve("stat"), stat(tid, comm, flags, start));
    Files.writeString(task.resolve("schedstat"), "4600000000 120000000 31000\n");
    threads++;
  }

  private static String stat(int tid, String comm, long flags, long start) {
    return (tid + " (" + comm + ") S 1 1 1 0 -1 " + flags)
        + (" 0 0 0 0 120 340 0 0 20 0 6 0 " + start + " 9000000 4000 18446744073709551615")
        + " 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
  }

  /** Deletes a tree of files, if it is there. */
  public static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  /** Adds a file. */
  public void file(String relative, String text) throws IOException {
    Path file = root.resolve(relative);
    Files.createDirectories(file.getParent());
    Files.write(file, text.getBytes(StandardCharsets.UTF_8));
  }
}
