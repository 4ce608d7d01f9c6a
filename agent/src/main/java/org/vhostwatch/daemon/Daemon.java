package org.vhostwatch.daemon;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.vhostwatch.detect.Detector;
import org.vhostwatch.detect.HostState;
import org.vhostwatch.detect.Observation;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.VmmIdentity;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerScanner;
import org.vhostwatch.metrics.SelfMetrics;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.Spawner;
import org.vhostwatch.snapshot.HostSnapshot;

/**
 * The daemon: one loop that owns all state. It takes messages from the inbox, looks at /proc every
 * cycle, lets the detector judge, orders censuses and captures, and publishes a snapshot. Nothing
 * in it waits for bpftrace, a VMM or the network.
 */
public final class Daemon implements AutoCloseable {

  /** More than bpftrace prints in a minute for 2,000 spinning queues. */
  private static final int INBOX = 4096;

  private static final Duration FULL_SCAN = Duration.ofSeconds(5);

  private final DaemonOptions options;
  private final Detector detector;
  private final Schedule schedule;
  private final BlockingQueue<Incoming> inbox = new LinkedBlockingQueue<>();
  private final AtomicLong dropped = new AtomicLong();
  private final Sentinel sentinel;
  private final Prober prober;
  private final WorkerScanner scanner = new WorkerScanner(new ProcFs(Path.of("/")));
  private final Sight sight;
  private final Publisher publisher =
      new Publisher(new Identities(new VmmIdentity(new ProcFs(Path.of("/")))));
  private final Announcer announcer = new Announcer();
  private volatile HostSnapshot snapshot;
  private final AtomicLong cycledAt = new AtomicLong(System.nanoTime());
  private final CountDownLatch stopping = new CountDownLatch(1);

  private HostState state = HostState.EMPTY;
  private List<QueueVerdict> verdicts = List.of();
  private List<Worker> workers = List.of();
  private long scannedAt = Long.MIN_VALUE;

  public Daemon(DaemonOptions options) {
    this.options = options;
    this.detector = new Detector(options.settings());
    this.schedule = new Schedule(options);
    this.sight = new Sight(dropped::get);
    this.sentinel = new Sentinel(options.probes(), new Spawner(), this::deliver);
    this.prober = new Prober(this::deliver);
    this.snapshot = publisher.publish(List.of(), List.of(), sight);
  }

  /** Returns what was seen last; never null, and whole. */
  public HostSnapshot snapshot() {
    return snapshot;
  }

  /** Returns how long ago the loop last went round. */
  public Duration sinceCycle() {
    return Duration.ofNanos(System.nanoTime() - cycledAt.get());
  }

  /** Returns whether the host was looked at: attached, or known to be degraded, and why. */
  public boolean ready() {
    return sight.settled();
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
    sentinel.start();
    long reported = 0;
    long next = System.nanoTime();
    while (stopping.getCount() > 0) {
      long wait = next - System.nanoTime();
      Incoming message = wait > 0 ? inbox.poll(wait, TimeUnit.NANOSECONDS) : inbox.poll();
      if (message != null) {
        take(message, System.nanoTime());
      }
      // A flood of messages must not keep the loop from going round.
      if (System.nanoTime() >= next) {
        long began = System.nanoTime();
        cycle(began);
        self.cycle(Duration.ofNanos(System.nanoTime() - began));
        long lost = dropped.get();
        self.droppedLines(lost - reported);
        reported = lost;
        next = Math.max(next + options.cycle().toNanos(), System.nanoTime());
      }
    }
  }

  /** Stops the loop and every bpftrace, in some seconds at most. */
  @Override
  public void close() {
    stopping.countDown();
    prober.close();
    sentinel.close();
  }

  /**
   * Never blocks: a reader that waits for the loop would stop draining bpftrace. A flood of lines
   * is cut; what the threads themselves have to say always gets through.
   */
  private void deliver(Incoming message) {
    if (message instanceof Incoming.Line && inbox.size() >= INBOX) {
      dropped.incrementAndGet();
    } else {
      inbox.add(message);
    }
  }

  private void take(Incoming message, long now) {
    if (message instanceof Incoming.Counted counted) {
      observe(new Observation.Queues(counted.census()), now);
      verdicts = detector.judge(state, now);
      schedule.counted(verdicts, now);
    } else if (message instanceof Incoming.CensusFailed) {
      schedule.counted(verdicts, now);
    } else if (message instanceof Incoming.Kit) {
      schedule.reset();
    } else if (message instanceof Incoming.Captured captured) {
      observe(new Observation.Capture(captured.evidence()), now);
      if (captured.evidence().isEmpty()) {
        schedule.captureFailed(now);
      }
    } else if (message instanceof Incoming.Detached) {
      observe(new Observation.SentinelLost(), now);
    }
    sight.take(message, verdicts).ifPresent(frame -> observe(new Observation.Spins(frame), now));
  }

  private void observe(Observation observation, long now) {
    state = detector.next(state, observation, now);
  }

  private void cycle(long now) {
    boolean scan =
        scannedAt == Long.MIN_VALUE || now - scannedAt >= FULL_SCAN.toNanos() || strangerSpins();
    workers = scan ? scanner.scan() : scanner.refresh(workers);
    scannedAt = scan ? now : scannedAt;
    observe(new Observation.Workers(workers), now);
    verdicts = detector.judge(state, now);
    order(now);
    HostSnapshot next = publisher.publish(verdicts, workers, sight);
    snapshot = next;
    announcer.queues(next.queues(), next.wallMillis()).forEach(schedule::recovered);
    announcer.troubles(next.probes().troubles());
    cycledAt.set(System.nanoTime());
  }

  /** A worker that spins and is not in the list is younger than the last full scan. */
  private boolean strangerSpins() {
    return verdicts.stream()
        .anyMatch(verdict -> verdict.spin() != null && verdict.worker() == null);
  }

  private void order(long now) {
    Optional<ProbeKit> kit = sight.kit();
    if (kit.isEmpty() || kit.get().bpftrace().isEmpty() || kit.get().plan().isEmpty()) {
      return;
    }
    Optional<String> census = kit.get().plan().get().census();
    if (census.isPresent()
        && !prober.counting()
        && schedule.censusDue(verdicts, sight.attached(), now)) {
      prober.census(kit.get().bpftrace().get(), census.get());
    }
    Set<Integer> suspects = schedule.captureDue(verdicts, now);
    if (!suspects.isEmpty()
        && prober.capture(
            kit.get().bpftrace().get(), kit.get().plan().get(), suspects, options.capture())) {
      schedule.captured(verdicts, suspects, now);
    }
  }
}
