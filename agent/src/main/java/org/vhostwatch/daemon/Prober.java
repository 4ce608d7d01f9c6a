package org.vhostwatch.daemon;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.host.SurroundingsReader;
import org.vhostwatch.host.Switch;
import org.vhostwatch.incident.Transcript;
import org.vhostwatch.probe.Bpftrace;
import org.vhostwatch.probe.CensusAssembler;
import org.vhostwatch.probe.Child;
import org.vhostwatch.probe.EvidenceAssembler;
import org.vhostwatch.probe.EvidencePlan;
import org.vhostwatch.probe.FtraceSwitch;
import org.vhostwatch.probe.MessageParser;
import org.vhostwatch.probe.Plan;
import org.vhostwatch.probe.PlanException;
import org.vhostwatch.probe.Spawner;

/**
 * Runs the short-lived bpftraces: at most one census and one capture at a time, each bounded by our
 * own clock.
 */
final class Prober implements AutoCloseable {

  /** bpftrace takes its probes away one by one, and waits for RCU each time. */
  private static final Duration STOP_GRACE = Duration.ofSeconds(20);

  /** What is captured when the daemon ends is of no use any more. */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

  private final Spawner spawner;
  private final Consumer<Incoming> inbox;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Task census = new Task("census");
  private final Task capture = new Task("capture");
  private final Patience censusPatience;
  private final Patience capturePatience;
  private final Duration grace;
  private final SurroundingsReader surroundings;

  Prober(ProcFs fs, Spawner spawner, Consumer<Incoming> inbox) {
    this(fs, spawner, inbox, Patience::new, STOP_GRACE);
  }

  /**
   * @param patience makes one for the censuses, and one for the captures
   * @param grace how long what is told to end may take to do so
   */
  Prober(
      ProcFs fs,
      Spawner spawner,
      Consumer<Incoming> inbox,
      Supplier<Patience> patience,
      Duration grace) {
    this.spawner = spawner;
    this.censusPatience = patience.get();
    this.capturePatience = patience.get();
    this.grace = grace;
    this.surroundings = new SurroundingsReader(fs);
    this.inbox = inbox;
  }

  /** Takes a census, unless one is being taken. */
  void census(Bpftrace bpftrace, String script) {
    census.run(() -> inbox.accept(take(bpftrace, script)));
  }

  /**
   * Captures evidence on some workers, unless a capture runs; returns whether it began.
   *
   * @param probes whether to attach probes, or only to take stacks: probes cost every queue of the
   *     host while they are there
   * @param around the queues to look around meanwhile
   */
  boolean capture(
      Bpftrace bpftrace,
      Plan plan,
      Set<Integer> workers,
      boolean probes,
      List<SurroundingsReader.Target> around,
      Duration time) {
    return capture.run(() -> inbox.accept(seize(bpftrace, plan, workers, probes, around, time)));
  }

  /** Returns whether a census is being taken. */
  boolean counting() {
    return census.running.get();
  }

  /** Returns whether a capture is being made. */
  boolean capturing() {
    return capture.running.get();
  }

  private Incoming take(Bpftrace bpftrace, String script) throws InterruptedException {
    CensusAssembler lines = new CensusAssembler();
    long began = System.nanoTime();
    Transcript transcript = Transcript.ofCensus(began);
    try (Child child =
        bpftrace.census(
            script,
            line -> {
              transcript.add(System.nanoTime(), line);
              lines.accept(line);
            })) {
      Duration limit = censusPatience.limit();
      if (!ended(child, limit)) {
        censusPatience.wasTooShort();
        end(child);
        return new Incoming.CensusFailed(
            "the census did not end within " + limit.toSeconds() + " s");
      }
      long took = System.nanoTime() - began;
      child.await(grace);
      transcript.end(System.nanoTime());
      if (!child.heardOut()) {
        // Queues that are not in half a census are not gone.
        return new Incoming.CensusFailed("the census was not read to its end in time");
      }
      if (child.exitCode() != 0) {
        return new Incoming.CensusFailed("the census failed: " + child.complaint());
      }
      censusPatience.took(Duration.ofNanos(took));
      return new Incoming.Counted(lines.finish(), transcript);
    } catch (IOException e) {
      return new Incoming.CensusFailed(String.valueOf(e.getMessage()));
    }
  }

  private Incoming seize(
      Bpftrace bpftrace,
      Plan plan,
      Set<Integer> workers,
      boolean probes,
      List<SurroundingsReader.Target> around,
      Duration time)
      throws InterruptedException {
    Switch ftrace = probes ? FtraceSwitch.ask(spawner) : Switch.ON;
    if (ftrace == Switch.HELD) {
      return Incoming.Captured.failed("no capture: something holds ftrace's lock");
    }
    if (ftrace == Switch.OFF) {
      // Probes that are taken away while it is off leave the kernel without ftrace (6.18.15); that
      // it is off may be known only seconds later.
      return Incoming.Captured.failed("no capture: ftrace is off");
    }
    EvidencePlan measures = plan.evidencePlan(workers);
    EvidenceAssembler evidence = new EvidenceAssembler(measures);
    Transcript transcript = Transcript.ofCapture(System.nanoTime());
    try (Child child =
        bpftrace.capture(
            probes ? plan.evidence(workers) : plan.stack(workers),
            workers.size(),
            line -> {
              transcript.add(System.nanoTime(), line);
              evidence.accept(MessageParser.parse(line));
            })) {
      // While the probes are being attached, and before they are taken away: evidence is not to
      // wait.
      SurroundingsReader.Beginning before = surroundings.begin(around);
      long began = System.nanoTime();
      if (!child.awaitReady(capturePatience.limit(), () -> stop.getCount() == 0)) {
        if (child.alive() && probes) {
          capturePatience.wasTooShort();
        }
        end(child);
        return Incoming.Captured.failed("the capture did not attach: " + child.complaint());
      }
      // How long one takes that attaches nothing says nothing of the others.
      if (probes) {
        capturePatience.took(Duration.ofNanos(System.nanoTime() - began));
      }
      boolean early = ended(child, time);
      List<Surroundings> seen = stop.getCount() == 0 ? List.of() : surroundings.end(before);
      boolean inOrder = child.stop(grace);
      transcript.end(System.nanoTime());
      return new Incoming.Captured(
          evidence.finish(),
          evidence.finishStacks(),
          early ? "the capture ended early: " + child.complaint() : inOrder ? "" : "capture killed",
          Optional.of(measures),
          Optional.of(transcript),
          seen);
    } catch (IOException | PlanException e) {
      return Incoming.Captured.failed(String.valueOf(e.getMessage()));
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
    if (!ended(child, grace)) {
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
      try {
        thread.execute(() -> attend(job));
        return true;
      } catch (OutOfMemoryError | RejectedExecutionException e) {
        // There is no thread for it: it is tried again with the next cycle; or all ends.
        running.set(false);
        return false;
      }
    }

    private void attend(Job job) {
      try {
        job.run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        running.set(false);
      }
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
