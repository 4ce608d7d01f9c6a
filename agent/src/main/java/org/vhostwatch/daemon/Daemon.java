package org.vhostwatch.daemon;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.vhostwatch.detect.BusyWatch;
import org.vhostwatch.detect.Detector;
import org.vhostwatch.detect.HostState;
import org.vhostwatch.detect.Observation;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.exposure.DrillRecord;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.KernelRater;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.SurroundingsReader;
import org.vhostwatch.host.Tasks;
import org.vhostwatch.host.VmmFiles;
import org.vhostwatch.host.VmmIdentity;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerScanner;
import org.vhostwatch.incident.Archive;
import org.vhostwatch.incident.Keeper;
import org.vhostwatch.incident.Stored;
import org.vhostwatch.log.Log;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.log.Logging;
import org.vhostwatch.metrics.SelfMetrics;
import org.vhostwatch.mitigate.Targets;
import org.vhostwatch.notify.Notices;
import org.vhostwatch.probe.Bpftrace;
import org.vhostwatch.probe.Census;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.MapKeys;
import org.vhostwatch.probe.Mode;
import org.vhostwatch.probe.Plan;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.SentinelFrame;
import org.vhostwatch.probe.Spawner;
import org.vhostwatch.snapshot.HostSnapshot;

/**
 * The daemon: one loop that owns all state. It takes messages from the inbox, looks at /proc at its
 * {@link Pace}, lets the detector judge, orders censuses and captures, and publishes a snapshot.
 * Nothing in it waits for bpftrace, a VMM or the network.
 */
public final class Daemon implements AutoCloseable {

  private static final long STOP_SECONDS = 4;

  /** The sentinel is started anew where it has that many in its maps, unless one spins. */
  private static final int MANY_QUEUES = MapKeys.WATCH * 3 / 4;

  /** The same, whatever spins: soon there is no room for another. */
  private static final int TOO_MANY_QUEUES = MapKeys.WATCH * 19 / 20;

  /**
   * So many queues in its maps that are gone make its words long; or twice as many as there are.
   */
  private static final int MANY_GONE = 256;

  /** How long a worker is busy without a known cause before that is said. */
  private static final Duration UNEXPLAINED = Duration.ofSeconds(90);

  /** A sentinel that was silent for longer may have lost ticks. */
  private static final Duration SPEECH = Duration.ofSeconds(3);

  /**
   * How long who asks waits for that picture; else the last one serves, with VMs that are gone. A
   * look at thousands of workers takes 300 ms on a host that is busy itself.
   */
  private static final Duration FRESH_LIMIT = Duration.ofSeconds(1);

  private final DaemonOptions options;
  private Settings settings;
  private Detector detector;
  private final BusyWatch busy = new BusyWatch(UNEXPLAINED);
  private final Schedule schedule;
  private final Suspicion suspicion;
  private final Inbox inbox = new Inbox();
  private final Sentinel sentinel;
  private final CostWatch cost;
  private final Prober prober;
  private final WorkerScanner scanner;
  private final Sight sight;
  private final Publisher publisher;
  private final Announcer announcer = new Announcer();
  private final ExposureWatch exposure;
  private final FlushWatch flushes;
  private final Incidents incidents;
  private volatile HostSnapshot snapshot;
  private final AtomicLong cycledAt = new AtomicLong(System.nanoTime());

  /** Opened by the next picture. */
  private volatile CountDownLatch fresh = new CountDownLatch(0);

  private final CountDownLatch stopping = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile boolean running;

  private HostState state = HostState.EMPTY;
  private List<QueueVerdict> verdicts = List.of();
  private List<Worker> workers = List.of();
  private long scannedAt = Long.MIN_VALUE;
  private long lookedAt = Long.MIN_VALUE;
  private boolean news = true;

  /** Processes that have vhost files open, of the last census; empty if that is not known. */
  private Optional<Set<Integer>> owners = Optional.empty();

  /** Whether the sentinel is away because nothing is suspicious. */
  private boolean away;

  private long framedAt;
  private boolean counted;
  private long scanNanos;

  /**
   * @param log keeps what is logged, for the incidents
   * @param notices told of incidents
   */
  public Daemon(DaemonOptions options, LogRing log, Notices notices) {
    this.options = options;
    this.settings = options.settings();
    this.detector = new Detector(settings);
    this.schedule = new Schedule(options);
    this.suspicion = new Suspicion(options.settings().busyShare());
    this.away = options.mode() == Mode.ON_DEMAND;
    this.sight = new Sight(options.mode(), inbox::dropped);
    ProcFs fs = options.fs();
    this.scanner = new WorkerScanner(fs);
    this.publisher = new Publisher(new Identities(new VmmIdentity(fs), new VmmFiles(fs)));
    Spawner spawner = new Spawner();
    this.sentinel =
        new Sentinel(options.probes(), options.mode(), spawner, this::paused, inbox::add);
    this.cost =
        new CostWatch(fs, options.ceiling(), spawner::running, sentinel::resident, inbox::add);
    this.exposure =
        new ExposureWatch(
            fs,
            new KernelRater(fs, options.state(), Optional.of(spawner)),
            options.state().path().resolve(DrillRecord.FILE));
    this.prober = new Prober(fs, spawner, inbox::add);
    this.flushes = new FlushWatch(new SurroundingsReader(fs));
    this.incidents =
        new Incidents(
            new Keeper(
                Keeper.Limits.with(options.settings().confirm()),
                options.version(),
                Incidents.bootId(fs)),
            new Archive(
                options.state().in(Stored.FOLDER),
                Archive.Limits.DEFAULT,
                stored -> inbox.add(new Incoming.Remembered(stored))),
            log,
            fs,
            notices);
    this.snapshot = publisher.publish(List.of(), List.of(), sight, exposure.latest(), Map.of());
  }

  /** Returns what was seen last; never null, and whole. */
  public HostSnapshot snapshot() {
    return snapshot;
  }

  /**
   * Returns what is there now: on a calm host the loop looks rarely by itself, and at once when it
   * is asked. While it is busy, or hangs, what was seen last serves.
   */
  public HostSnapshot fresh() {
    if (running
        && System.currentTimeMillis() - snapshot.wallMillis() > options.cycle().toMillis()) {
      try {
        asked().await(FRESH_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return snapshot;
  }

  /** Returns what the next picture opens; all who ask before it wait for the same one. */
  private synchronized CountDownLatch asked() {
    if (fresh.getCount() == 0) {
      fresh = new CountDownLatch(1);
      inbox.add(new Incoming.Asked());
    }
    return fresh;
  }

  /**
   * Takes over what can change while it runs: confirm time, census period, ceilings and the limits
   * of mitigation. The rest stays as it was.
   */
  public void change(DaemonOptions next) {
    cost.change(next.ceiling());
    inbox.add(new Incoming.Changed(next));
  }

  /** Returns how long ago the loop last went round. */
  public Duration sinceCycle() {
    return Duration.ofNanos(System.nanoTime() - cycledAt.get());
  }

  /** Returns whether the host was looked at: attached, or known to be degraded, and why. */
  public boolean ready() {
    return sight.settled();
  }

  /** Returns all incidents as JSON; never waits for a disk. */
  public String incidents() {
    return incidents.list();
  }

  /** Returns one incident as JSON, if it is in memory; never waits for a disk. */
  public Optional<String> incident(String id) {
    return incidents.whole(id);
  }

  /** Returns messages that wait for the loop. */
  public int backlog() {
    return inbox.size();
  }

  /**
   * Runs until {@link #close}.
   *
   * @param self takes what the agent costs
   */
  public void run(SelfMetrics self) throws InterruptedException {
    running = true;
    Optional<AutoMitigation> mitigation =
        options
            .mitigation()
            .map(wanted -> new AutoMitigation(wanted, options.state(), exposure::latest, self));
    mitigation.ifPresent(AutoMitigation::start);
    incidents.start();
    sentinel.start();
    cost.start();
    exposure.start();
    flushes.start();
    try {
      loop(self, mitigation);
    } finally {
      mitigation.ifPresent(AutoMitigation::close);
      incidents.close();
      stopped.countDown();
    }
  }

  private void loop(SelfMetrics self, Optional<AutoMitigation> mitigation)
      throws InterruptedException {
    long reported = 0;
    long soonest = System.nanoTime();
    long next = soonest;
    while (stopping.getCount() > 0) {
      long wait = next - System.nanoTime();
      Incoming message = inbox.poll(wait);
      // All that is there, or slow cycles would judge by frames of minutes ago; but a flood must
      // not keep the loop from going round.
      for (int taken = 0;
          message != null;
          message = ++taken < Inbox.MAX_LINES ? inbox.poll(0) : null) {
        take(message, System.nanoTime());
        next = message instanceof Incoming.Asked ? System.nanoTime() : next;
        if (message instanceof Incoming.Changed changed) {
          mitigation.ifPresent(acts -> changed.options().mitigation().ifPresent(acts::change));
        }
      }
      next = news ? Math.min(next, Math.max(soonest, System.nanoTime())) : next;
      if (System.nanoTime() >= next) {
        long began = System.nanoTime();
        self.lag(Duration.ofNanos(began - next));
        int cycles = cycle(began).cycles();
        if (scanNanos > 0) {
          self.scan(Duration.ofNanos(scanNanos));
          scanNanos = 0;
        }
        mitigation.ifPresent(this::tellOfTaps);
        self.cycle(Duration.ofNanos(System.nanoTime() - began));
        long lost = inbox.dropped();
        self.droppedLines(lost - reported);
        reported = lost;
        Logging.due(System.nanoTime());
        soonest = Math.max(next + options.cycle().toNanos(), System.nanoTime());
        next = soonest + (cycles - 1) * options.cycle().toNanos();
      }
    }
  }

  /** Stops the loop and every bpftrace, in some seconds at most. */
  @Override
  public void close() {
    stopping.countDown();
    cost.close();
    exposure.close();
    flushes.close();
    inbox.add(new Incoming.Stop());
    prober.close();
    sentinel.close();
    try {
      // The incidents are written by then, or the disk hangs.
      if (running && !stopped.await(STOP_SECONDS, TimeUnit.SECONDS)) {
        Log.stopCutShort();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The sentinel is made before what it asks. */
  private boolean paused() {
    return cost.paused();
  }

  void take(Incoming message, long now) {
    if (message instanceof Incoming.Counted seen) {
      counted = true;
      Census census = living(seen.census());
      // Whose workers are known by now is missed when it ends.
      scan(now);
      Log.censusTaken(census.queues().size());
      listed(census, seen.lines().firstAt(), now);
      verdicts = detector.judge(state, now);
      schedule.counted(verdicts, now);
    } else if (message instanceof Incoming.CensusFailed) {
      // Who has vhost files open now, nobody knows.
      owners = Optional.empty();
      schedule.uncounted(verdicts, now);
    } else if (message instanceof Incoming.Kit seen) {
      schedule.reset();
      exposure.again();
      if (!seen.kit().vhostNetLoaded()) {
        owners = Optional.empty();
      }
    } else if (message instanceof Incoming.Captured captured) {
      observe(new Observation.Capture(captured.evidence()), now);
      busy.captured(captured.stacks());
      schedule.captureEnded(!captured.evidence().isEmpty(), !captured.stacks().isEmpty(), now);
      if (!captured.evidence().isEmpty()) {
        Log.captureTaken(captured.evidence().size());
      }
    } else if (message instanceof Incoming.Attached) {
      Log.sentinelUp();
    } else if (message instanceof Incoming.Detached seen) {
      observe(new Observation.SentinelLost(), now);
      if (sight.attached()) {
        sentinelWent(seen);
      }
    } else if (message instanceof Incoming.Changed changed) {
      limit(changed.options().settings().onKernel(settings.fixedKernel()));
      schedule.change(changed.options());
    }
    incidents.take(message, System.currentTimeMillis(), now);
    boolean usual = message instanceof Incoming.Line || sight.costsAsBefore(message);
    Optional<SentinelFrame> frame = sight.take(message, verdicts);
    frame.ifPresent(
        seen -> {
          framedAt = now;
          boolean notable = detector.notable(state, seen);
          observe(new Observation.Spins(seen), now);
          int queues = seen.queues().size();
          boolean many = queues >= MANY_QUEUES || state.gone() > MANY_GONE + 2 * verdicts.size();
          if (queues >= TOO_MANY_QUEUES || (many && !notable)) {
            sentinel.renew();
          }
          if (notable) {
            news = true;
            sentinel.spins();
          }
        });
    news |= !usual;
  }

  private static void sentinelWent(Incoming.Detached message) {
    if (message.trouble().isEmpty()) {
      Log.sentinelAway();
    } else {
      Log.sentinelLost();
    }
  }

  /**
   * Hands a census to all who go by it.
   *
   * @param readAt when its first line came
   */
  private void listed(Census census, long readAt, long now) {
    observe(new Observation.Queues(census, readAt), now);
    busy.census(census.queues(), now);
    flushes.census(census.queues());
  }

  /**
   * Returns a census without the queues of processes that have ended since it read them: taken back
   * in, they would stay until the next one. Those that live are the {@link #owners} from now on. If
   * none of its processes is there, the kernel counts them in another pid namespace than /proc
   * does, and that says nothing.
   */
  private Census living(Census census) {
    Set<Integer> processes = new HashSet<>();
    census.queues().forEach(queue -> processes.add(queue.process()));
    long refused = options.fs().refused();
    Set<Integer> living = Tasks.starts(options.fs(), processes).keySet();
    if (living.isEmpty() || options.fs().refused() != refused) {
      owners = processes.isEmpty() ? Optional.of(Set.of()) : Optional.empty();
      return census;
    }
    owners = Optional.of(living);
    List<CensusQueue> left =
        census.queues().stream()
            .filter(queue -> queue.process() == 0 || living.contains(queue.process()))
            .toList();
    return new Census(left, census.rejected());
  }

  /** After each census: what it read of taps, with the names that were published. */
  private void tellOfTaps(AutoMitigation mitigation) {
    if (counted) {
      counted = false;
      Map<Long, String> vms = new HashMap<>();
      snapshot.queues().forEach(queue -> vms.put(queue.verdict().vq(), queue.vm()));
      mitigation.taps(Targets.of(verdicts, verdict -> vms.getOrDefault(verdict.vq(), "unknown")));
    }
  }

  private void limit(Settings limits) {
    if (!limits.equals(settings)) {
      settings = limits;
      detector = new Detector(limits);
    }
  }

  private void observe(Observation observation, long now) {
    state = detector.next(state, observation, now);
  }

  Pace cycle(long now) {
    Pace pace =
        Pace.of(options.mode(), verdicts, snapshot.incidents().open() > 0, speaks(now), away, now);
    if (news || due(lookedAt, pace.look(), now)) {
      news = false;
      lookedAt = now;
      picture(pace, now);
    }
    // After the keeper has got what it asked for, which else would be captured again.
    order(now);
    cycledAt.set(System.nanoTime());
    return pace;
  }

  private void picture(Pace pace, long now) {
    look(pace, now);
    limit(settings.onKernel(exposure.latest().status() == Exposure.FIXED));
    sight.idle(noQueues());
    if (sight.idle()) {
      listed(new Census(List.of(), 0), now, now);
    }
    verdicts = detector.judge(state, now);
    busy.look(workers, verdicts, now);
    HostSnapshot next =
        publisher
            .publish(verdicts, workers, sight, exposure.latest(), flushes.waiting())
            .with(snapshot.incidents())
            .withUnexplained(publisher.unexplained(busy.unexplained(verdicts), now));
    // Shown at once: the first look at a livelock takes time to write.
    snapshot = next;
    fresh.countDown();
    flushes.watch(next.queues(), options.settings().busyShare(), now);
    if (options.mode() == Mode.ON_DEMAND) {
      boolean suspicious = suspicion.wanted(verdicts, speaks(now), now);
      away = !suspicious && !incidents.wantsSentinel();
      sentinel.want(!away);
    }
    // Said first: what is said belongs to the incident.
    Announcer.Over over = announcer.queues(next.queues(), now);
    over.recovered().forEach(schedule::recovered);
    over.gone().forEach(schedule::gone);
    announcer.unexplained(next.unexplained(), now, next.wallMillis());
    announcer.troubles(next.probes().troubles());
    announcer.idle(next.probes().idle());
    snapshot = next.with(incidents.cycle(next, prober.capturing(), now));
  }

  /**
   * Returns whether there is no vhost_net, and so no queue: that is as good as a census, which
   * cannot be taken then. The kit may be of some seconds ago.
   */
  private boolean noQueues() {
    return sight.kit().filter(kit -> !kit.vhostNetLoaded()).isPresent()
        && !options.fs().exists("sys/module/vhost_net");
  }

  private void look(Pace pace, long now) {
    long began = System.nanoTime();
    if (strangerSpins()) {
      scan(Optional.empty(), now);
    } else if (due(scannedAt, pace.scan(), now)) {
      scan(now);
    } else {
      seen(() -> scanner.refresh(workers), now);
    }
    scanNanos = System.nanoTime() - began;
  }

  void scan(long now) {
    // In on-demand mode nothing but /proc shows a first worker of an old process.
    scan(options.mode() == Mode.ON_DEMAND ? Optional.empty() : owners, now);
  }

  /** Looks for workers where these processes make it likely, or everywhere if nobody knows them. */
  private void scan(Optional<Set<Integer>> likely, long now) {
    scannedAt = now;
    seen(() -> likely.map(scanner::scan).orElseGet(scanner::scan), now);
  }

  /** Whoever can open no file finds no worker at all: that is not the end of those that were. */
  private void seen(Supplier<List<Worker>> reading, long now) {
    long refused = options.fs().refused();
    List<Worker> found = reading.get();
    boolean blind = options.fs().refused() != refused;
    sight.blind(blind);
    if (!blind) {
      workers = found;
      observe(new Observation.Workers(workers, System.nanoTime()), now);
    }
  }

  private static boolean due(long last, Duration period, long now) {
    return last == Long.MIN_VALUE || now - last >= period.toNanos();
  }

  /** Ticks get lost while a worker spins on the CPU that makes them. */
  private boolean speaks(long now) {
    return sight.attached() && now - framedAt <= SPEECH.toNanos();
  }

  /** A worker that spins and is not in the list is younger than the last full scan. */
  private boolean strangerSpins() {
    return state.strangers()
        || verdicts.stream()
            .anyMatch(verdict -> verdict.spin() != null && verdict.worker() == null);
  }

  private void order(long now) {
    Optional<ProbeKit> kit = sight.kit();
    if (cost.paused()
        || kit.isEmpty()
        || kit.get().bpftrace().isEmpty()
        || kit.get().plan().isEmpty()) {
      return;
    }
    Bpftrace bpftrace = kit.get().bpftrace().get();
    Plan plan = kit.get().plan().get();
    Optional<String> census = plan.census();
    if (census.isPresent()
        && !prober.counting()
        && schedule.censusDue(
            verdicts, speaks(now) || away, incidents.wantsCensus() || busy.wantsCensus(now), now)) {
      prober.census(bpftrace, census.get());
    }
    Set<Integer> suspects = schedule.captureDue(verdicts, incidents.looksDue(now), now);
    List<UnexplainedWorker> unexplained = busy.unexplained(verdicts);
    suspects.addAll(schedule.stacksDue(unexplained, Schedule.MAX_WORKERS - suspects.size(), now));
    boolean probes = !withoutQueues(unexplained).containsAll(suspects);
    if (!suspects.isEmpty()
        && (probes || plan.showsStacks())
        && prober.capture(bpftrace, plan, suspects, probes, around(suspects), options.capture())) {
      schedule.captured(verdicts, unexplained, suspects, now);
    }
  }

  /** Returns the workers of vhost_vsock and vhost_scsi: no probe would tell of them. */
  private static Set<Integer> withoutQueues(List<UnexplainedWorker> unexplained) {
    return unexplained.stream()
        .filter(found -> found.queues() == 0)
        .map(found -> found.worker().tid())
        .collect(Collectors.toSet());
  }

  /** Returns the known queues of these workers. */
  private List<SurroundingsReader.Target> around(Set<Integer> workers) {
    List<SurroundingsReader.Target> targets = new ArrayList<>();
    for (QueueVerdict verdict : verdicts) {
      Worker worker = verdict.worker();
      CensusQueue queue = verdict.queue();
      if (worker != null && queue != null && workers.contains(worker.tid())) {
        targets.add(
            new SurroundingsReader.Target(
                verdict.vq(),
                worker.tid(),
                worker.tgid(),
                queue.process(),
                queue.tap(),
                queue.port().netns()));
      }
    }
    return targets;
  }
}
