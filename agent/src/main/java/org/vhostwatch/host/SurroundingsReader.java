package org.vhostwatch.host;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Reads what goes on around queues in trouble. It reads the stat of every thread of the host,
 * twice, so it is for suspicion only and not for the detection path; it is bounded in threads and
 * in time whatever the host does: each part is read under a deadline and left out if it does not
 * come.
 */
public final class SurroundingsReader {

  /** Between the two readings of {@link #read}. */
  private static final long APART_MILLIS = 700;

  private static final int PATIENCE_MILLIS = 1_000;
  private static final int SCAN_PATIENCE_MILLIS = 1_500;
  private static final int MOST_HANGING = 16;
  private static final int MAX_THREADS = 30_000;
  private static final long MAX_SCAN_NANOS = 500_000_000L;
  private static final int MAX_VMM_THREADS = 4_096;
  private static final int MAX_WAITING = 8;
  private static final int MAX_FRAMES = 32;
  private static final int MAX_RUNNERS = 5;
  private static final int SMALL = 8 << 10;

  /** Some 30,000 devices. */
  private static final int NET_DEV = 4 << 20;

  private final ProcFs fs;
  private final int self;
  private final OutsideReads reads =
      new OutsideReads("surroundings", PATIENCE_MILLIS, MOST_HANGING);

  /** With a budget of its own: it may take all of the other's. */
  private final OutsideReads scans = new OutsideReads("threads", SCAN_PATIENCE_MILLIS, 1);

  /**
   * A queue to look around.
   *
   * @param tid its worker
   * @param tgid the process of that thread
   * @param vmm the process that owns the queue
   * @param tap its tap, empty if not known
   * @param netns inode number of the tap's network namespace, 0 if not known
   */
  public record Target(long vq, int tid, int tgid, int vmm, String tap, long netns) {}

  /** The first of two readings. */
  public static final class Beginning {
    private final long at;
    private final List<Target> targets;
    private final Threads threads;
    private final Map<Target, Optional<SchedStat>> schedstats = new HashMap<>();
    private final Map<Target, Optional<Counters>> counters = new HashMap<>();
    private final Map<Target, List<String>> troubles = new HashMap<>();

    private Beginning(long at, List<Target> targets, Threads threads) {
      this.at = at;
      this.targets = targets;
      this.threads = threads;
    }

    /** Returns what it was asked to look around. */
    public List<Target> targets() {
      return targets;
    }
  }

  private record Seen(int pid, TaskStat stat) {}

  private record Threads(Map<Integer, Seen> byTid, boolean cut) {}

  /** What /proc/PID/net/dev counts of one device. */
  record Counters(long rxPackets, long txPackets, long txDropped) {

    static Optional<Counters> of(String text, String device) {
      return text.lines()
          .map(String::strip)
          .filter(line -> line.startsWith(device + ":"))
          .findFirst()
          .map(line -> line.substring(device.length() + 1).strip().split(" +"))
          .filter(fields -> fields.length >= 16)
          .map(f -> new Counters(number(f[1]), number(f[9]), number(f[11])));
    }
  }

  /**
   * What /proc/PID/net/dev says of one device.
   *
   * @param cut whether there are more devices than were read
   */
  private record NetDev(Optional<Counters> counters, boolean cut) {
    static final NetDev OTHER_NAMESPACE = new NetDev(Optional.empty(), false);
  }

  public SurroundingsReader(ProcFs fs) {
    this(fs, (int) ProcessHandle.current().pid());
  }

  /**
   * @param self the process whose threads are this program's own
   */
  SurroundingsReader(ProcFs fs, int self) {
    this.fs = fs;
    this.self = self;
  }

  /** Reads twice and returns what goes on; takes about a second, at most some two. */
  public List<Surroundings> read(List<Target> targets) throws InterruptedException {
    if (targets.isEmpty()) {
      return List.of();
    }
    Beginning beginning = begin(targets);
    TimeUnit.MILLISECONDS.sleep(APART_MILLIS);
    return end(beginning);
  }

  /**
   * Reads the states of a process' threads, under the deadline of the others.
   *
   * @return the answer, without the hottest thread; without a value if there is no such process
   */
  public OutsideReads.Answer<Surroundings.VmmState> vmm(int pid) {
    return reads.ask("vmm " + pid, () -> process(pid));
  }

  /** Reads for the first time. */
  public Beginning begin(List<Target> targets) {
    Beginning beginning =
        new Beginning(System.nanoTime(), List.copyOf(targets), threads(new ArrayList<>()));
    for (Target target : targets) {
      List<String> troubles = new ArrayList<>();
      beginning.schedstats.put(target, schedstat(target, troubles));
      beginning.counters.put(target, counters(target, troubles));
      beginning.troubles.put(target, troubles);
    }
    return beginning;
  }

  /** Reads for the second time, and returns what there is to say of each target. */
  public List<Surroundings> end(Beginning before) {
    List<String> common = new ArrayList<>();
    long nanos = Math.max(1, System.nanoTime() - before.at);
    Threads now = threads(common);
    List<Surroundings> all = new ArrayList<>();
    for (Target target : before.targets) {
      List<String> troubles = new ArrayList<>(common);
      Optional<SchedStat> ran = schedstat(target, troubles);
      Optional<Counters> counters = counters(target, troubles);
      for (String trouble : before.troubles.getOrDefault(target, List.of())) {
        if (!troubles.contains(trouble)) {
          troubles.add(trouble);
        }
      }
      // Not from the list of all threads, which may be cut.
      Optional<TaskStat> worker =
          TaskStat.read(fs, task(target) + "/stat", new byte[TaskStat.MAX_BYTES]);
      all.add(
          new Surroundings(
              target.vq,
              nanos,
              worker.map(stat -> scheduling(target, stat, before, ran, nanos)),
              vmm(target, before.threads, now, nanos, troubles),
              worker.isEmpty()
                  ? List.of()
                  : runners(
                      before.threads,
                      now,
                      nanos,
                      seen ->
                          seen.stat.cpu() == worker.get().cpu() && seen.stat.tid() != target.tid,
                      MAX_RUNNERS),
              before.threads.cut || now.cut,
              tap(target, before.counters.getOrDefault(target, Optional.empty()), counters),
              troubles));
    }
    return List.copyOf(all);
  }

  private interface Filter {
    boolean test(Seen seen);
  }

  /** Threads that used CPU time; times in /proc are rounded, so that one tick may be none. */
  private List<Surroundings.Runner> runners(
      Threads before, Threads now, long nanos, Filter filter, int most) {
    List<Surroundings.Runner> runners = new ArrayList<>();
    Map<Integer, Long> used = new HashMap<>();
    for (Seen seen : now.byTid.values()) {
      Seen old = before.byTid.get(seen.stat.tid());
      if (!filter.test(seen) || old == null || old.stat.startTicks() != seen.stat.startTicks()) {
        continue;
      }
      long ticks = seen.stat.cpuTicks() - old.stat.cpuTicks();
      if (ticks > 0) {
        used.put(seen.stat.tid(), ticks);
        double share = ticks * (1e9 / Worker.TICKS_PER_SECOND) / nanos;
        runners.add(
            new Surroundings.Runner(
                seen.stat.tid(),
                seen.pid,
                name(seen),
                (int) Math.min(1_000, Math.round(share * 1_000)),
                seen.stat.policy(),
                seen.stat.rtPriority()));
      }
    }
    runners.sort(
        Comparator.comparingLong(
                (Surroundings.Runner runner) -> used.getOrDefault(runner.tid(), 0L))
            .reversed()
            .thenComparingInt(Surroundings.Runner::tid));
    return runners.size() > most ? runners.subList(0, most) : runners;
  }

  /** Nobody else knows whose thread is called {@code capture}. */
  private String name(Seen seen) {
    return seen.pid == self ? Surroundings.OWN + seen.stat.comm() : seen.stat.comm();
  }

  private Surroundings.Scheduling scheduling(
      Target target, TaskStat stat, Beginning before, Optional<SchedStat> ran, long nanos) {
    Optional<SchedStat> first = before.schedstats.getOrDefault(target, Optional.empty());
    String allowed =
        ask(
                "allowed",
                target.tid,
                new ArrayList<>(),
                () -> Fields.of(fs, task(target) + "/status", SMALL).text("Cpus_allowed_list"))
            .orElse("");
    return new Surroundings.Scheduling(
        stat.cpu(),
        allowed,
        stat.nice(),
        stat.policy(),
        stat.rtPriority(),
        permille(first.map(SchedStat::ranNanos), ran.map(SchedStat::ranNanos), nanos),
        permille(first.map(SchedStat::waitedNanos), ran.map(SchedStat::waitedNanos), nanos));
  }

  /** Returns the share of the time by which a counter of nanoseconds grew, -1 if not known. */
  private static int permille(Optional<Long> before, Optional<Long> now, long nanos) {
    if (before.isEmpty() || now.isEmpty()) {
      return -1;
    }
    long grown = Math.max(0, now.get() - before.get());
    return (int) Math.min(1_000, Math.round(grown * 1_000.0 / nanos));
  }

  private Optional<Surroundings.VmmState> vmm(
      Target target, Threads before, Threads now, long nanos, List<String> troubles) {
    return ask("vmm", target.vmm, troubles, () -> process(target.vmm))
        .map(
            seen ->
                new Surroundings.VmmState(
                    seen.pid(),
                    seen.state(),
                    seen.threads(),
                    seen.stopped(),
                    seen.frozen(),
                    seen.uninterruptible(),
                    seen.waiting(),
                    runners(
                            before,
                            now,
                            nanos,
                            any -> any.pid == target.vmm && any.stat.tid() != target.tid,
                            1)
                        .stream()
                        .findFirst()));
  }

  Optional<Surroundings.VmmState> process(int pid) {
    int[] tids = fs.ids("proc/" + pid + "/task");
    if (tids.length == 0) {
      return Optional.empty();
    }
    byte[] buffer = new byte[TaskStat.MAX_BYTES];
    char state = '?';
    int stopped = 0;
    int uninterruptible = 0;
    List<Surroundings.Waiting> waiting = new ArrayList<>();
    for (int i = 0; i < Math.min(tids.length, MAX_VMM_THREADS); i++) {
      String task = "proc/" + pid + "/task/" + tids[i];
      Optional<TaskStat> stat = TaskStat.read(fs, task + "/stat", buffer);
      if (stat.isEmpty()) {
        continue;
      }
      state = tids[i] == pid ? stat.get().state() : state;
      switch (stat.get().state()) {
        case 'T', 't' -> stopped++;
        case 'D' -> {
          uninterruptible++;
          if (waiting.size() < MAX_WAITING) {
            waiting.add(waiting(task, stat.get()));
          }
        }
        default -> {}
      }
    }
    return Optional.of(
        new Surroundings.VmmState(
            pid,
            state,
            tids.length,
            stopped,
            frozen(pid),
            uninterruptible,
            waiting,
            Optional.empty()));
  }

  private Surroundings.Waiting waiting(String task, TaskStat stat) {
    String wchan = fs.text(task + "/wchan", SMALL).filter(name -> !name.equals("0")).orElse("");
    List<String> stack =
        fs.text(task + "/stack", SMALL)
            .orElse("")
            .lines()
            // [<0>] io_schedule+0x46/0x70
            .map(line -> line.substring(line.indexOf(']') + 1).strip())
            .filter(line -> !line.isEmpty())
            .limit(MAX_FRAMES)
            .toList();
    return new Surroundings.Waiting(stat.tid(), stat.comm(), wchan, stack);
  }

  /** Cgroup v2 alone: the kernel says there whether all processes of a group have been frozen. */
  private Optional<Boolean> frozen(int pid) {
    return fs.text("proc/" + pid + "/cgroup", SMALL)
        .flatMap(groups -> groups.lines().filter(line -> line.startsWith("0::/")).findFirst())
        .map(line -> line.substring("0::".length()))
        .filter(path -> !(path + "/").contains("/../"))
        .flatMap(path -> fs.text("sys/fs/cgroup" + path + "/cgroup.events", SMALL))
        .map(events -> events.lines().anyMatch("frozen 1"::equals));
  }

  private Optional<SchedStat> schedstat(Target target, List<String> troubles) {
    return ask(
        "schedstat",
        target.tid,
        troubles,
        () -> SchedStat.read(fs, task(target) + "/schedstat", new byte[SMALL]));
  }

  private Optional<Counters> counters(Target target, List<String> troubles) {
    if (target.tap.isEmpty()) {
      return Optional.empty();
    }
    int before = troubles.size();
    Optional<NetDev> read = ask("net", target.vmm, troubles, () -> netDev(target));
    Optional<Counters> counters = read.flatMap(NetDev::counters);
    if (counters.isEmpty() && troubles.size() == before) {
      troubles.add(
          "tap "
              + target.tap
              + (read.filter(NetDev::cut).isPresent()
                  ? ": not among the devices that were read: there are more than fit into "
                      + (NET_DEV >> 20)
                      + " MiB"
                  : ": not seen in the network namespace of the VMM"));
    }
    return counters;
  }

  private Optional<NetDev> netDev(Target target) {
    // Another namespace may have another device of that name.
    String namespace = fs.link("proc/" + target.vmm + "/ns/net").orElse("");
    if (target.netns != 0 && !namespace.equals("net:[" + target.netns + "]")) {
      return Optional.of(NetDev.OTHER_NAMESPACE);
    }
    return fs.read("proc/" + target.vmm + "/net/dev", NET_DEV)
        .map(
            bytes ->
                new NetDev(
                    Counters.of(new String(bytes, StandardCharsets.UTF_8), target.tap),
                    bytes.length == NET_DEV));
  }

  private static Optional<Surroundings.TapCounters> tap(
      Target target, Optional<Counters> before, Optional<Counters> now) {
    if (before.isEmpty() || now.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Surroundings.TapCounters(
            target.tap,
            now.get().txPackets,
            now.get().txDropped,
            Math.max(0, now.get().txPackets - before.get().txPackets),
            Math.max(0, now.get().txDropped - before.get().txDropped),
            Math.max(0, now.get().rxPackets - before.get().rxPackets)));
  }

  /** Reads the stat of all threads, as many as there is time for. */
  private Threads threads(List<String> troubles) {
    OutsideReads.Answer<Threads> all = scans.ask("threads", () -> Optional.of(scan()));
    if (!all.inTime()) {
      troubles.add("the threads of the host: " + all.trouble());
    }
    return all.value().orElseGet(() -> new Threads(Map.of(), true));
  }

  private Threads scan() {
    long end = System.nanoTime() + MAX_SCAN_NANOS;
    byte[] buffer = new byte[TaskStat.MAX_BYTES];
    Map<Integer, Seen> threads = new HashMap<>();
    for (int pid : fs.ids("proc")) {
      for (int tid : fs.ids("proc/" + pid + "/task")) {
        if (threads.size() >= MAX_THREADS || System.nanoTime() - end > 0) {
          return new Threads(threads, true);
        }
        TaskStat.read(fs, "proc/" + pid + "/task/" + tid + "/stat", buffer)
            .ifPresent(stat -> threads.put(tid, new Seen(pid, stat)));
      }
    }
    return new Threads(threads, false);
  }

  private <T> Optional<T> ask(
      String what, int id, List<String> troubles, Supplier<Optional<T>> read) {
    OutsideReads.Answer<T> answer = reads.ask(what + " " + id, read);
    if (!answer.inTime()) {
      troubles.add(what + " of " + id + ": " + answer.trouble());
    }
    return answer.value();
  }

  private static String task(Target target) {
    return "proc/" + target.tgid + "/task/" + target.tid;
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
