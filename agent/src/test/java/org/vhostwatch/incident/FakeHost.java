package org.vhostwatch.incident;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.Confidence;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.EpisodeLengths;
import org.vhostwatch.probe.SpinCounters;
import org.vhostwatch.snapshot.QueueStatus;

/** A host with VMs and queues whose fate a test decides, second by second. */
final class FakeHost {

  static final String BOOT = "0b3c1c2e-9f1a-4d55-8a56-27f0a1b2c3d4";
  static final long SECOND = 1_000_000_000L;

  /** A queue, as it is now. */
  static final class Queue {
    final int pid;
    final int tid;
    final int index;
    String vm;
    String tap;
    Verdict verdict = Verdict.HEALTHY;
    boolean exists = true;
    boolean named = true;
    boolean workerLives = true;
    boolean stopped;
    boolean waits;
    CensusQueue.Backend backend = CensusQueue.Backend.TUN;
    int used;
    long start = 500;
    long since;

    Queue(String vm, String tap, int pid, int tid, int index) {
      this.vm = vm;
      this.tap = tap;
      this.pid = pid;
      this.tid = tid;
      this.index = index;
    }
  }

  final Map<Long, Queue> queues = new TreeMap<>();
  final Map<Integer, Long> processes = new HashMap<>();
  long nanos = 1000 * SECOND;
  long wall = 1_795_000_000_000L;
  boolean censuses = true;
  long attachedAt = 1;
  private Optional<Scene.Seen> census = Optional.empty();

  Queue add(long vq, String vm, String tap, int pid, int tid, int index) {
    Queue queue = new Queue(vm, tap, pid, tid, index);
    queues.put(vq, queue);
    processes.put(pid, 77L);
    return queue;
  }

  void livelock(long vq) {
    Queue queue = queue(vq);
    queue.verdict = Verdict.LIVELOCKED;
    queue.waits = true;
    queue.since = nanos - 3 * SECOND;
  }

  void refill(long vq) {
    Queue queue = queue(vq);
    queue.verdict = Verdict.HEALTHY;
    queue.waits = false;
    queue.used += 15;
  }

  Queue queue(long vq) {
    return java.util.Objects.requireNonNull(queues.get(vq));
  }

  void pass(long seconds) {
    nanos += seconds * SECOND;
    wall += seconds * 1000;
  }

  /** A census that begins now and ends now. */
  void census() {
    Map<Long, CensusQueue> seen = new HashMap<>();
    queues.forEach(
        (vq, queue) -> {
          if (queue.exists && processes.containsKey(queue.pid)) {
            seen.put(vq, censusQueue(vq, queue));
          }
        });
    census = Optional.of(new Scene.Seen(nanos, nanos, seen));
  }

  /** One second later, with a census if there are any. */
  List<Keeper.Change> second(Keeper keeper) {
    pass(1);
    if (censuses) {
      census();
    }
    return keeper.take(scene(keeper));
  }

  Scene scene(Keeper keeper) {
    List<QueueStatus> statuses = new ArrayList<>();
    Set<WorkerId> workers = new HashSet<>();
    Set<Integer> stopped = new HashSet<>();
    queues.forEach(
        (vq, queue) -> {
          boolean lives = processes.containsKey(queue.pid);
          if (queue.workerLives && lives) {
            workers.add(new WorkerId(queue.tid, queue.start));
          }
          if (queue.stopped && keeper.workersOfInterest().contains(queue.tid)) {
            stopped.add(queue.tid);
          }
          if (queue.exists && lives) {
            statuses.add(status(vq, queue));
          }
        });
    Map<Integer, Long> asked = new HashMap<>(processes);
    asked.keySet().retainAll(keeper.processesOfInterest());
    return new Scene(
        wall, nanos, "6.18.15", "0.23.2", statuses, workers, stopped, asked, census, attachedAt);
  }

  QueueStatus status(long vq, Queue queue) {
    Worker worker =
        new Worker(
            queue.tid, queue.pid, queue.start, "vhost-1", Worker.Kind.VMM_THREAD, 'R', 9, 0, 0, 0);
    @Nullable CensusQueue seen = queue.named ? censusQueue(vq, queue) : null;
    SpinCounters spin =
        queue.verdict == Verdict.LIVELOCKED
            ? new SpinCounters(
                vq,
                queue.tid,
                9000,
                1,
                3 * SECOND,
                queue.since,
                0,
                nanos,
                256,
                queue.used,
                10,
                0,
                10,
                true,
                EpisodeLengths.NONE)
            : null;
    QueueVerdict verdict =
        new QueueVerdict(
            vq,
            queue.tid,
            queue.verdict,
            Confidence.HIGH,
            "as the test wants it",
            List.of(),
            queue.verdict == Verdict.LIVELOCKED ? queue.since : 0,
            1,
            1,
            9000,
            3 * SECOND,
            worker,
            seen,
            spin,
            null);
    return new QueueStatus(
        queue.vm,
        Optional.of(
            new Vmm(
                queue.pid,
                77,
                "qemu-system-x86",
                queue.vm,
                Optional.of("uuid-of-" + queue.vm),
                Optional.of("100"))),
        seen == null ? TapPort.NONE : seen.port(),
        verdict,
        verdict.since() == 0 ? 0 : wall - (nanos - verdict.since()) / 1_000_000);
  }

  private static CensusQueue censusQueue(long vq, Queue queue) {
    return new CensusQueue(
        vq,
        queue.pid,
        9,
        queue.pid,
        queue.tid,
        256,
        queue.used + 10,
        queue.used,
        queue.used,
        0,
        0,
        0,
        queue.backend,
        queue.waits ? 1 : 0,
        0,
        queue.waits ? 60_366 : 0,
        queue.named
            ? new TapPort(queue.tap, 4, "br0", 4026531840L, queue.index, true)
            : TapPort.NONE);
  }
}
