package org.vhostwatch.daemon;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.vhostwatch.probe.Bpftrace;
import org.vhostwatch.probe.CensusAssembler;
import org.vhostwatch.probe.Child;
import org.vhostwatch.probe.EvidenceAssembler;
import org.vhostwatch.probe.MessageParser;
import org.vhostwatch.probe.Plan;
import org.vhostwatch.probe.PlanException;

/**
 * Runs the short-lived bpftraces: at most one census and one capture at a time, each bounded by our
 * own clock.
 */
final class Prober implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** bpftrace takes its probes away one by one, and waits for RCU each time. */
  private static final Duration STOP_GRACE = Duration.ofSeconds(20);

  /** What is captured when the daemon ends is of no use any more. */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

  private final Consumer<Incoming> inbox;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Task census = new Task("census");
  private final Task capture = new Task("capture");

  Prober(Consumer<Incoming> inbox) {
    this.inbox = inbox;
  }

  /** Takes a census, unless one is being taken. */
  void census(Bpftrace bpftrace, String script) {
    census.run(() -> inbox.accept(take(bpftrace, script)));
  }

  /** Captures evidence on some workers, unless a capture runs; returns whether it began. */
  boolean capture(Bpftrace bpftrace, Plan plan, Set<Integer> workers, Duration time) {
    return capture.run(() -> inbox.accept(seize(bpftrace, plan, workers, time)));
  }

  /** Returns whether a census is being taken. */
  boolean counting() {
    return census.running.get();
  }

  private Incoming take(Bpftrace bpftrace, String script) throws InterruptedException {
    CensusAssembler lines = new CensusAssembler();
    try (Child child = bpftrace.census(script, lines::accept)) {
      if (!ended(child, PATIENCE)) {
        end(child);
        return new Incoming.CensusFailed(
            "the census did not end within " + PATIENCE.toSeconds() + " s");
      }
      child.await(STOP_GRACE);
      return child.exitCode() == 0
          ? new Incoming.Counted(lines.finish())
          : new Incoming.CensusFailed("the census failed: " + child.complaint());
    } catch (IOException e) {
      return new Incoming.CensusFailed(String.valueOf(e.getMessage()));
    }
  }

  private Incoming seize(Bpftrace bpftrace, Plan plan, Set<Integer> workers, Duration time)
      throws InterruptedException {
    EvidenceAssembler evidence = new EvidenceAssembler(plan.evidencePlan(workers));
    try (Child child =
        bpftrace.probes(
            plan.evidence(workers), line -> evidence.accept(MessageParser.parse(line)))) {
      if (!child.awaitReady(PATIENCE, () -> stop.getCount() == 0)) {
        end(child);
        return new Incoming.Captured(List.of(), "the capture did not attach: " + child.complaint());
      }
      boolean early = ended(child, time);
      boolean inOrder = child.stop(STOP_GRACE);
      return new Incoming.Captured(
          evidence.finish(),
          early
              ? "the capture ended early: " + child.complaint()
              : inOrder ? "" : "capture killed");
    } catch (IOException | PlanException e) {
      return new Incoming.Captured(List.of(), String.valueOf(e.getMessage()));
    }
  }

  /** Waits for the child to end by itself; gives up at the limit or when the daemon stops. */
  private boolean ended(Child child, Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (System.nanoTime() < end) {
      if (!child.alive()) {
        return true;
      }
      if (stop.await(50, TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return !child.alive();
  }

  /** Ends the child in order; at once when the daemon ends, now or while this waits. */
  private void end(Child child) throws InterruptedException {
    child.terminate();
    if (!ended(child, STOP_GRACE)) {
      child.close();
    }
    child.await(CLOSE_LIMIT);
  }

  @Override
  public void close() {
    stop.countDown();
    census.close();
    capture.close();
  }

  private interface Job {
    void run() throws InterruptedException;
  }

  /** One thing that is done at most once at a time. */
  private static final class Task {
    private final AtomicBoolean running = new AtomicBoolean();
    private final ExecutorService thread;

    Task(String name) {
      this.thread =
          Executors.newSingleThreadExecutor(
              task -> {
                Thread made = new Thread(task, name);
                made.setDaemon(true);
                return made;
              });
    }

    boolean run(Job job) {
      if (!running.compareAndSet(false, true)) {
        return false;
      }
      thread.execute(
          () -> {
            try {
              job.run();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            } finally {
              running.set(false);
            }
          });
      return true;
    }

    void close() {
      thread.shutdown();
      try {
        thread.awaitTermination(2 * CLOSE_LIMIT.toSeconds(), TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
