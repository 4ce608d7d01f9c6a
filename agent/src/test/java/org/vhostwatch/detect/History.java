package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.Census;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.EpisodeLengths;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.SentinelFrame;
import org.vhostwatch.probe.SpinCounters;

/**
 * A host whose time a test moves: queues spin, move on and sleep as told, and the detector gets the
 * frames and samples that the agent would get of it, one a second.
 */
final class History {

  static final Duration SECOND = Duration.ofSeconds(1);
  private static final long STEP = 10_000_000L;

  /** A microsecond: what it takes from being woken up to running on an idle CPU. */
  private static final long MOMENT = 1_000;

  private Detector detector = new Detector(Settings.DEFAULT);
  private final BusyWatch busy = new BusyWatch(Duration.ofSeconds(90));
  private final Map<Long, Queue> queues = new LinkedHashMap<>();
  private HostState state = HostState.EMPTY;
  private long now = 1_000_000_000_000L;
  private boolean sentinel = true;
  private boolean ticks = true;
  private boolean indices = true;
  private ObservedBy others = (observation, at) -> {};

  /** Takes what the detector gets. */
  interface ObservedBy {
    void sees(Observation observation, long now);
  }

  /** Lets seconds go by, at each of which this is what is said of a queue. */
  History stays(Verdict verdict, Queue queue, int seconds, String what) {
    for (int second = 0; second < seconds; second++) {
      during(1);
      assertThat(of(queue)).as("%s, %d s", what, second).isEqualTo(verdict);
    }
    return this;
  }

  /** One queue, its worker, and what the script's maps hold of it. */
  static final class Queue {
    final long vq;
    int pid;
    int tid;
    long startTicks = 4_711;
    int avail = 10;
    int last = 10;
    int used = 1;
    int back = 8;
    int tx;
    int waiting = 1;
    long packet = 0xffff888011110000L;
    long bytes = 60_366;
    boolean mergeable = true;
    boolean censused = true;
    boolean workerRead = true;
    CensusQueue.Backend backend = CensusQueue.Backend.TUN;
    TapPort port;

    private double passesPerSecond;
    private double usedPerSecond;
    private double txPerSecond;
    private double counted = 1;
    private double cpu;
    private double waits;
    private boolean runnable;
    private boolean worker = true;
    private boolean gone;
    private boolean drops;
    private boolean kicked;
    private double passesDue;
    private double usedDue;
    private double txDue;
    private double cpuTicks;
    private double waitedNanos;
    private SpinCounters script;
    private long made;
    private long received;
    private long refused;
    private long dropped;
    private long firstPass;

    Queue(long vq, int pid, int tid) {
      this.vq = vq;
      this.pid = pid;
      this.tid = tid;
      this.port = new TapPort("tap" + tid, 7, "br0", 4_026_531_840L, 0, true);
      this.script = nothing();
    }

    private SpinCounters nothing() {
      return new SpinCounters(vq, tid, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, true, EpisodeLengths.NONE);
    }

    /** The livelock: tens of thousands of passes, nothing delivered, all CPU. */
    Queue spins() {
      return does(40_000, 0, 1);
    }

    /** Alive but late: passes between deliveries. */
    Queue isSlow() {
      return does(50_000, 50, 1);
    }

    Queue flows() {
      waiting = 0;
      return does(0, 10_000, 0.6);
    }

    Queue sleeps() {
      return does(0, 0, 0);
    }

    Queue does(double passes, double delivered, double share) {
      drops = false;
      kicked = false;
      passesPerSecond = passes;
      usedPerSecond = delivered;
      cpu = share;
      return this;
    }

    /** Waits for its CPU all the time, which is counted when it gets it. */
    Queue isRunnable() {
      runnable = true;
      return this;
    }

    /** Has its CPU again: the wait is over, and counted. */
    Queue hasWaited(long nanos) {
      waitedNanos += nanos;
      runnable = false;
      return this;
    }

    /** Shares its CPU with others, and stands in line for that share of the time. */
    Queue waitsForItsCpu(double share) {
      waits = share;
      return this;
    }

    double passesPerSecond() {
      return passesPerSecond;
    }

    double usedPerSecond() {
      return usedPerSecond;
    }

    Queue sends(double perSecond, double share) {
      txPerSecond = perSecond;
      cpu = share;
      return this;
    }

    /** Sends beside what it does. */
    Queue alsoSends(double perSecond) {
      txPerSecond = perSecond;
      return this;
    }

    boolean sending() {
      return txPerSecond > 0;
    }

    double waits() {
      return waits;
    }

    double wants() {
      return cpu + waits;
    }

    /** Its packets are too large for its buffers: each is received, and dropped, in a pass. */
    Queue overruns(double perSecond, double share) {
      does(perSecond, 0, share);
      drops = true;
      return this;
    }

    /** Each pass is made for a kick of the guest: vhost_enable_notify says no. */
    Queue isKicked(double perSecond, double share) {
      does(perSecond, 0, share);
      kicked = true;
      return this;
    }

    /** The guest takes some packets and posts as many buffers. */
    Queue delivers(int packets) {
      used = (used + packets) & 0xffff;
      avail = (avail + packets) & 0xffff;
      last = (last + packets) & 0xffff;
      packet += 256L * packets;
      received += packets;
      return this;
    }

    /** A new driver of the guest begins at index 0. */
    Queue isReset() {
      delivers(1);
      used = 0;
      avail = 10;
      last = 10;
      tx = 0;
      waiting = 0;
      return sleeps();
    }

    /**
     * Of the time between passes so much is spent at them; the rest is longer than the script
     * counts.
     */
    Queue countsOf(double share) {
      counted = share;
      return this;
    }

    Queue losesItsWorker() {
      worker = false;
      return sleeps();
    }

    Queue isGone() {
      gone = true;
      return losesItsWorker();
    }

    private void step(long now, boolean indices) {
      usedDue += usedPerSecond * STEP / 1e9;
      delivers((int) usedDue);
      usedDue -= (int) usedDue;
      txDue += txPerSecond * STEP / 1e9;
      tx = (tx + (int) txDue) & 0xffff;
      txDue -= (int) txDue;
      // Whoever is given a CPU stood in line for it, if only for a moment; who has it all the time
      // did not.
      waitedNanos += waits * STEP + (cpu > 0 && cpu < 1 ? MOMENT : 0);
      cpuTicks += cpu * Worker.TICKS_PER_SECOND * STEP / 1e9;
      passesDue += passesPerSecond * STEP / 1e9;
      if (passesDue >= 1) {
        pass(now, (long) passesDue, indices);
        passesDue -= (long) passesDue;
      }
    }

    /** What the script does, in its words: see sentinel.bt. */
    void pass(long now, long passes, boolean indices) {
      if (drops) {
        packet += 256L * passes;
        received += passes;
        dropped += passes;
      }
      firstPass = firstPass == 0 ? now : firstPass;
      made += passes;
      refused += kicked || drops ? passes : 0;
      if (indices && !mergeable) {
        return;
      }
      SpinCounters s = script;
      boolean begins = s.passes() == 0 || s.usedIdx() != used || now - s.seen() > 3_000_000_000L;
      script =
          new SpinCounters(
              vq,
              tid,
              s.passes() + passes,
              s.episodes() + (begins ? 1 : 0),
              s.spunNanos()
                  + (begins || now - s.seen() >= 100_000_000L
                      ? 0
                      : (long) (counted * (now - s.seen()))),
              begins ? now : s.start(),
              begins ? s.passes() : s.passesBefore(),
              now,
              256,
              used,
              avail,
              last,
              back,
              indices,
              new EpisodeLengths(
                  Math.max(s.lengths().longest(), begins ? 0 : now - s.start()),
                  0,
                  s.lengths().reached()));
    }

    private CensusQueue census() {
      return new CensusQueue(
          vq,
          pid,
          5,
          pid,
          workerRead ? tid : 0,
          256,
          avail,
          last,
          used,
          tx,
          mergeable ? 1L << 15 : 0,
          0,
          backend,
          waiting,
          waiting > 0 ? packet : 0,
          waiting > 0 ? bytes : 0,
          port);
    }
  }

  Queue queue(long vq, int pid, int tid) {
    Queue queue = new Queue(vq, pid, tid);
    queues.put(vq, queue);
    return queue;
  }

  /** Another queue gets the address of one that is gone, and what the script counted there. */
  Queue queueAt(Queue gone, int pid, int tid) {
    Queue queue = queue(gone.vq, pid, tid);
    queue.script = gone.script;
    return queue;
  }

  Collection<Queue> queues() {
    return queues.values();
  }

  /** Another gets what the detector gets, but for the frames. */
  History observedBy(ObservedBy other) {
    others = other;
    return this;
  }

  /** No probes: refused, or not yet attached. */
  History withoutSentinel() {
    sentinel = false;
    return see(new Observation.SentinelLost());
  }

  /** The probes count signalled buffers instead of reading indices. */
  History withoutBtf() {
    indices = false;
    return this;
  }

  /** The kernel is known not to have the bug. */
  History onFixedKernel() {
    detector = new Detector(Settings.DEFAULT.onKernel(true));
    return this;
  }

  /** The script starts anew, with empty maps. */
  History sentinelRestarts() {
    see(new Observation.SentinelLost());
    queues.values().forEach(queue -> queue.script = queue.nothing());
    sentinel = true;
    return this;
  }

  History ticksAreLost() {
    ticks = false;
    return this;
  }

  History ticksComeAgain() {
    ticks = true;
    return this;
  }

  History during(Duration time) {
    for (long end = now + time.toNanos(); now < end; ) {
      step();
      if (now % 1_000_000_000L == 0) {
        workers();
        if (sentinel && ticks) {
          frame();
        }
      }
    }
    return this;
  }

  /** Frames come, and nobody looks: the host is calm. */
  History calmly(int seconds) {
    for (int second = 0; second < seconds; second++) {
      unseen(1).frame();
    }
    return this;
  }

  /** Nobody looks for so long: the daemon gets no CPU either. */
  History unseen(int seconds) {
    for (long end = now + Duration.ofSeconds(seconds).toNanos(); now < end; ) {
      step();
    }
    return this;
  }

  private void step() {
    now += STEP;
    queues.values().forEach(queue -> queue.step(now, indices));
  }

  History during(int seconds) {
    return during(Duration.ofSeconds(seconds));
  }

  History frame() {
    return see(new Observation.Spins(currentFrame()));
  }

  /** Returns whether a frame of now would be looked at at once. */
  boolean notable() {
    return detector.notable(state, currentFrame());
  }

  SentinelFrame currentFrame() {
    return frameOf(now);
  }

  /** A frame that bpftrace wrote late, with what the maps held by then. */
  History lateFrame(long stamped) {
    return see(new Observation.Spins(frameOf(stamped)));
  }

  /** One packet too large for the guest's buffers is looked at, and no more. */
  History kick(Queue queue) {
    queue.pass(now, 1, indices);
    return this;
  }

  /**
   * A frame of a script whose clock is ahead by so much, which takes the next passes for a spin.
   */
  History frameAheadBy(Duration time) {
    long ahead = now + time.toNanos();
    return see(
        new Observation.Spins(
            new SentinelFrame(
                ahead,
                queues.values().stream()
                    .map(q -> q.script)
                    .filter(s -> s.passes() > 0)
                    .map(
                        s ->
                            new SpinCounters(
                                s.vq(),
                                s.tid(),
                                s.passes() + 100,
                                s.episodes() + 1,
                                s.spunNanos(),
                                ahead - 1_000_000,
                                s.passes(),
                                ahead,
                                s.num(),
                                s.usedIdx(),
                                s.availIdx(),
                                s.lastAvailIdx(),
                                s.rolledBack(),
                                s.indices(),
                                s.lengths()))
                    .toList())));
  }

  private SentinelFrame frameOf(long stamped) {
    return new SentinelFrame(
        stamped, queues.values().stream().map(q -> q.script).filter(s -> s.passes() > 0).toList());
  }

  History workers() {
    List<Worker> workers = new ArrayList<>();
    for (Queue q : queues.values()) {
      if (q.worker) {
        workers.add(
            new Worker(
                q.tid,
                q.pid,
                q.startTicks,
                "vhost-" + q.pid,
                Worker.Kind.VMM_THREAD,
                q.cpu > 0 || q.runnable ? 'R' : 'S',
                (long) q.cpuTicks,
                (long) q.waitedNanos,
                1,
                0));
      }
    }
    see(new Observation.Workers(workers, now));
    busy.look(workers, verdicts(), now);
    return this;
  }

  History census() {
    censusBegins().run();
    return this;
  }

  /** The queues are read now; what is returned is the end of the census. */
  Runnable censusBegins() {
    List<CensusQueue> seen =
        queues.values().stream().filter(q -> q.censused && !q.gone).map(Queue::census).toList();
    long read = now;
    return () -> {
      see(new Observation.Queues(new Census(seen, 0), read));
      busy.census(seen, now);
    };
  }

  BusyWatch busy() {
    return busy;
  }

  List<UnexplainedWorker> unexplained() {
    return busy.unexplained(verdicts());
  }

  /** A capture of a livelock in which one head came later than the others. */
  History evidenceWithHeads(Queue queue, Duration time, double share) {
    return evidence(queue, time, share, 0);
  }

  /** A capture that saw the last {@code time} of a queue. */
  History evidence(Queue queue, Duration time, long recvmsg, long... peeked) {
    return evidence(queue, time, 1, recvmsg, peeked);
  }

  private History evidence(Queue queue, Duration time, double share, long recvmsg, long... peeked) {
    long passes = Math.max(1, (long) (queue.passesPerSecond * time.toNanos() / 1e9));
    SortedMap<Long, Long> peek = new TreeMap<>();
    for (long bytes : peeked.length == 0 ? new long[] {queue.bytes} : peeked) {
      peek.put(bytes, passes);
    }
    SortedMap<Long, Long> heads =
        new TreeMap<>(Map.of(1L, passes, 2L, (long) (passes * share), 256L, passes));
    return see(
        capture(
            queue,
            now - time.toNanos(),
            now,
            passes,
            counts(0, passes, 1, recvmsg),
            peek,
            heads,
            new TreeMap<>(Map.of(1L, passes)),
            recvmsg));
  }

  /** A capture begins; what is returned is its end, with the figures of all that was between. */
  Runnable captureBegins(Queue queue) {
    long made = queue.made;
    long received = queue.received;
    long refused = queue.refused;
    long dropped = queue.dropped;
    queue.firstPass = 0;
    return () -> {
      if (queue.made > made && !queue.gone) {
        see(
            captured(
                queue,
                queue.made - made,
                queue.received - received,
                queue.refused - refused,
                queue.dropped - dropped));
      }
    };
  }

  private static Observation captured(
      Queue queue, long passes, long received, long refused, long dropped) {
    SortedMap<Long, Long> peeked = new TreeMap<>(Map.of(queue.bytes, passes));
    if (received > 0) {
      peeked.put(1_500L, received);
    }
    return capture(
        queue,
        queue.firstPass,
        queue.script.seen(),
        passes,
        counts(0, passes - dropped, 1, received),
        peeked,
        new TreeMap<>(Map.of(1L, passes, 256L, passes)),
        counts(0, refused, 1, passes - refused),
        received);
  }

  private static Observation capture(
      Queue queue,
      long from,
      long to,
      long passes,
      SortedMap<Long, Long> returns,
      SortedMap<Long, Long> peeked,
      SortedMap<Long, Long> heads,
      SortedMap<Long, Long> notified,
      long received) {
    return new Observation.Capture(
        List.of(
            new Evidence(
                queue.vq,
                queue.tid,
                from,
                to,
                passes,
                1,
                new TreeMap<>(Map.of((long) queue.back, passes)),
                returns,
                true,
                peeked,
                "vhost_net_buf_peek",
                heads,
                "vhost_get_vq_desc_n",
                notified,
                received,
                received,
                passes / 256,
                List.of())));
  }

  private static SortedMap<Long, Long> counts(long one, long times, long other, long otherTimes) {
    SortedMap<Long, Long> counts = new TreeMap<>(Map.of(one, times, other, otherTimes));
    counts.values().removeIf(count -> count == 0);
    return counts;
  }

  History see(Observation observation) {
    state = detector.next(state, observation, now);
    if (!(observation instanceof Observation.Spins)) {
      others.sees(observation, now);
    }
    return this;
  }

  List<QueueVerdict> verdicts() {
    return detector.judge(state, now);
  }

  Optional<QueueVerdict> find(Queue queue) {
    return verdicts().stream().filter(verdict -> verdict.vq() == queue.vq).findFirst();
  }

  QueueVerdict verdict(Queue queue) {
    return find(queue).orElseThrow(() -> new AssertionError("the queue is not known"));
  }

  Verdict of(Queue queue) {
    return verdict(queue).verdict();
  }

  long now() {
    return now;
  }
}
