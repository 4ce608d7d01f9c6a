package org.vhostwatch.daemon;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Switch;
import org.vhostwatch.log.Log;
import org.vhostwatch.probe.ProgramRuns;
import org.vhostwatch.snapshot.OwnCost;

/**
 * Measures every ten seconds, on a thread of its own, what the agent and its bpftrace cost, keeps
 * the heap small, and makes probing pause when the cost is over the ceiling.
 */
final class CostWatch implements AutoCloseable {

  private static final long PERIOD_SECONDS = 10;

  private final ProcFs fs;
  private final Supplier<List<Long>> children;
  private final Supplier<Optional<Sentinel.Resident>> resident;
  private final Consumer<Incoming> inbox;
  private final CostMeter meter;
  private final HeapWatch heap = new HeapWatch();
  private final Ceiling ceiling;
  private volatile CeilingOptions limits;
  private final Thread thread = new Thread(this::run, "cost");
  private volatile boolean paused;
  private Sentinel.@Nullable Resident seen;
  private @Nullable ProgramRuns programs;

  /**
   * @param children the processes that run on our behalf
   * @param resident the attached sentinel
   */
  CostWatch(
      ProcFs fs,
      CeilingOptions limits,
      Supplier<List<Long>> children,
      Supplier<Optional<Sentinel.Resident>> resident,
      Consumer<Incoming> inbox) {
    this.fs = fs;
    this.children = children;
    this.resident = resident;
    this.inbox = inbox;
    this.meter = new CostMeter(fs, ProcessHandle.current().pid());
    this.ceiling = new Ceiling(limits);
    this.limits = limits;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** From the next measurement on these limits count. Any thread may call it. */
  void change(CeilingOptions next) {
    limits = next;
  }

  /** Returns whether nothing may be probed now. */
  boolean paused() {
    return paused;
  }

  private void run() {
    try {
      while (true) {
        measure();
        TimeUnit.SECONDS.sleep(PERIOD_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void measure() {
    heap.look();
    meter.measure(children.get());
    OwnCost.Usage agent = meter.agent();
    OwnCost.Usage others = meter.children();
    ceiling.change(limits);
    // Who asks much must not get the probes taken away.
    ceiling.take(
        agent.cpuNanos() - meter.answeredNanos() + others.cpuNanos(),
        agent.residentBytes() + others.residentBytes(),
        System.nanoTime());
    if (paused && !ceiling.over()) {
      Log.probingResumed();
    }
    paused = ceiling.over();
    Switch counts = KernelFacts.bpfStats(fs);
    inbox.accept(
        new Incoming.Cost(
            new OwnCost(agent, others, counts, paused, ceiling.hits()),
            counts == Switch.ON ? runs() : Map.of(),
            ceiling.trouble()));
  }

  private Map<String, ProgramRuns.Runs> runs() {
    Sentinel.Resident now = resident.get().orElse(null);
    if (now == null) {
      seen = null;
      programs = null;
      return Map.of();
    }
    if (programs == null || !now.equals(seen)) {
      programs = new ProgramRuns(fs, now.pid(), now.script());
      seen = now;
    }
    return programs.read();
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
