package org.vhostwatch.evidence;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.host.OutsideReads;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.SurroundingsReader;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.VmmFiles;
import org.vhostwatch.host.VmmIdentity;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.host.WorkerScanner;
import org.vhostwatch.probe.Bpftrace;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Child;
import org.vhostwatch.probe.EvidencePlan;
import org.vhostwatch.probe.Plan;
import org.vhostwatch.probe.PlanException;
import org.vhostwatch.probe.ProbeKit;

/**
 * One look at the live host, bounded in time whatever the host does: a census, a capture of the
 * suspects (or of all spins, if nobody is suspect), and a second census while it runs. Everything
 * that is seen goes to the diagnosis, and to the recording if there is one, as an event.
 */
public final class Examination {

  private static final Duration STOP_GRACE = Duration.ofSeconds(20);
  private static final int MAX_SUSPECTS = 16;
  private static final int MAX_AROUND = 8;
  private static final int NAME_MILLIS = 3_000;
  private static final int FILES_MILLIS = 5_000;
  private static final int MAX_HANGING = 32;

  /**
   * A worker below this share of a CPU is not worth probes: a livelocked one takes what it gets.
   */
  private static final double SUSPECT_SHARE = 0.2;

  private final ProbeKit kit;
  private final Diagnosis diagnosis;
  private final @Nullable Recording recording;
  private final Consumer<String> progress;
  private final Duration patience;
  private final WorkerScanner scanner;
  private final VmmIdentity identity;
  private final VmmFiles files;
  private final OutsideReads names = new OutsideReads("identity", NAME_MILLIS, MAX_HANGING);
  private final OutsideReads descriptors = new OutsideReads("files", FILES_MILLIS, MAX_HANGING);
  private final SurroundingsReader surroundings;
  private @Nullable IOException unrecorded;

  /** A bpftrace that hung once is not waited for again. */
  private boolean hung;

  /**
   * @param recording takes the events too, if there is one
   * @param progress takes words on what goes on
   * @param patience how long one run of bpftrace may take to start, or a census to end
   */
  public Examination(
      ProbeKit kit,
      Diagnosis diagnosis,
      @Nullable Recording recording,
      Consumer<String> progress,
      Duration patience) {
    this.kit = kit;
    this.diagnosis = diagnosis;
    this.recording = recording;
    this.progress = progress;
    this.patience = patience;
    ProcFs fs = new ProcFs(Path.of("/"));
    this.scanner = new WorkerScanner(fs);
    this.identity = new VmmIdentity(fs);
    this.files = new VmmFiles(fs);
    this.surroundings = new SurroundingsReader(fs);
  }

  /**
   * Looks, and returns what was found.
   *
   * @param capture how long to probe
   * @param wanted queues whose workers may be captured
   * @param unlisted workers that no census lists and that may be captured, by thread id
   * @param apart least time between the two censuses
   * @param exposure whether the kernel has the bug, for the findings and the recording
   */
  public Findings examine(
      Duration capture,
      Predicate<QueueVerdict> wanted,
      IntPredicate unlisted,
      Duration apart,
      KernelExposure exposure)
      throws InterruptedException {
    Optional<Plan> plan = kit.plan();
    emit(
        new Event.Host(
            System.currentTimeMillis(),
            kit.facts().release(),
            kit.bpftrace().map(b -> b.version().toString()).orElse(""),
            plan.map(Plan::indices).orElse(false),
            plan.map(Plan::measurements).orElse(List.of()),
            Optional.of(exposure)));
    sample();
    if (!kit.vhostNetLoaded()) {
      noQueues();
      return findings();
    }
    if (plan.isEmpty() || kit.bpftrace().isEmpty()) {
      kit.troubles().forEach(trouble -> emit(new Event.End(Event.Source.CENSUS, trouble)));
      inferPorts();
      watchCpu(capture);
      return findings();
    }
    long first = System.nanoTime();
    census(plan.get());
    sample();
    Set<Integer> suspects = suspects(wanted, unlisted);
    List<SurroundingsReader.Target> conspicuous = conspicuous();
    capture(
        plan.get(),
        suspects,
        capture,
        () -> {
          SurroundingsReader.Beginning around = surroundings.begin(conspicuous);
          secondCensus(plan.get(), first, apart);
          if (!conspicuous.isEmpty()) {
            surroundings.end(around).forEach(seen -> emit(new Event.Around(seen)));
          }
        });
    if (untold()) {
      census(plan.get());
    }
    inferPorts();
    return findings();
  }

  /**
   * Returns whether a packet waits and nothing tells whether its worker spins, or censuses alone
   * say that it does. Without probes two of them tell that, if the worker was seen to be busy all
   * the time between them; under load it may have taken until the second to see that. And in a
   * minute the 16 bits of the TX queue's index may have gone round to where they were.
   */
  private synchronized boolean untold() {
    return diagnosis.verdicts().stream()
        .anyMatch(
            verdict ->
                (verdict.verdict() == Verdict.UNKNOWN || byCensuses(verdict))
                    && verdict.queue() != null
                    && verdict.queue().packetWaits());
  }

  private static boolean byCensuses(QueueVerdict verdict) {
    return verdict.verdict() == Verdict.LIVELOCKED && verdict.spin() == null;
  }

  /** Takes one census and no more. */
  public Findings look() throws InterruptedException {
    emit(
        new Event.Host(
            System.currentTimeMillis(),
            kit.facts().release(),
            kit.bpftrace().map(b -> b.version().toString()).orElse(""),
            true,
            List.of(),
            Optional.empty()));
    sample();
    if (!kit.vhostNetLoaded()) {
      noQueues();
    } else if (kit.plan().isPresent()) {
      census(kit.plan().get());
      sample();
    }
    inferPorts();
    return findings();
  }

  private synchronized Findings findings() {
    return diagnosis.findings();
  }

  /** Returns why the recording could not be written on, if that is so; the findings are whole. */
  public synchronized Optional<IOException> unrecorded() {
    return Optional.ofNullable(unrecorded);
  }

  private synchronized void emit(Event event) {
    long at = System.nanoTime();
    diagnosis.accept(at, event);
    if (recording != null && unrecorded == null) {
      try {
        recording.add(at, event);
      } catch (IOException e) {
        unrecorded = e;
      }
    }
  }

  private void sample() {
    List<Worker> workers = scanner.scan();
    Set<Integer> owners = new LinkedHashSet<>();
    for (Worker worker : workers) {
      owners.add(worker.kind() == Worker.Kind.VMM_THREAD ? worker.tgid() : 0);
    }
    List<Vmm> vmms = new ArrayList<>();
    owners.remove(0);
    synchronized (this) {
      diagnosis.verdicts().stream()
          .filter(verdict -> verdict.queue() != null)
          .forEach(verdict -> owners.add(process(verdict)));
    }
    owners.forEach(
        pid -> vmm(pid, () -> identity.of(pid), () -> identity.unnamed(pid)).ifPresent(vmms::add));
    for (Worker worker : workers) {
      if (worker.kind() == Worker.Kind.KTHREAD) {
        vmm(worker.tid(), () -> identity.of(worker), () -> identity.unnamed(worker))
            .ifPresent(vmms::add);
      }
    }
    emit(new Event.Workers(workers, vmms));
  }

  /** Infers taps, for want of a census that succeeded. */
  private void inferPorts() {
    if (diagnosis.findings().censuses() > 0) {
      return;
    }
    Map<Integer, List<Worker>> byVmm = new TreeMap<>();
    for (Worker worker : scanner.scan()) {
      identity
          .unnamed(worker)
          .ifPresent(
              vmm -> byVmm.computeIfAbsent(vmm.pid(), absent -> new ArrayList<>()).add(worker));
    }
    Map<WorkerId, TapPort> ports = new HashMap<>();
    byVmm.forEach(
        (pid, workers) ->
            descriptors
                .ask(pid, () -> Optional.of(files.ports(pid, workers)))
                .value()
                .ifPresent(ports::putAll));
    emit(new Event.Ports(ports));
  }

  /** A VMM that hangs holds whoever reads its command line: it goes by its process' name then. */
  private Optional<Vmm> vmm(
      int id, Supplier<Optional<Vmm>> read, Supplier<Optional<Vmm>> otherwise) {
    OutsideReads.Answer<Vmm> answer = names.ask(id, read);
    return answer.inTime() ? answer.value() : otherwise.get();
  }

  private static int process(QueueVerdict verdict) {
    return verdict.queue() == null ? 0 : verdict.queue().process();
  }

  private void watchCpu(Duration time) throws InterruptedException {
    progress.accept("watching CPU time only, for " + time.toSeconds() + " s");
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(500);
      sample();
    }
  }

  /** Without vhost_net there is no queue: that is certain without any probe, as by a census. */
  private void noQueues() {
    emit(new Event.Begin(Event.Source.CENSUS, null));
    emit(new Event.End(Event.Source.CENSUS, ""));
  }

  private void census(Plan plan) throws InterruptedException {
    if (plan.census().isEmpty()) {
      return;
    }
    progress.accept("census: reading every vhost_net queue");
    emit(new Event.Begin(Event.Source.CENSUS, null));
    emit(new Event.End(Event.Source.CENSUS, census(plan.census().get())));
  }

  private String census(String script) throws InterruptedException {
    try (Child child =
        bpftrace().census(script, line -> emit(new Event.Line(Event.Source.CENSUS, line)))) {
      if (!child.await(patience)) {
        child.stop(STOP_GRACE);
        hung = true;
        return "the census did not end within " + patience.toSeconds() + " s: " + child.complaint();
      }
      if (child.exitCode() != 0) {
        return "the census failed: " + child.complaint();
      }
      return child.heardOut() ? "" : "the census was not read to its end in time";
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private Set<Integer> suspects(Predicate<QueueVerdict> wanted, IntPredicate unlisted) {
    Set<Integer> suspects = new TreeSet<>();
    List<QueueVerdict> verdicts;
    Set<Integer> busy;
    Set<Integer> listed = new HashSet<>();
    synchronized (this) {
      verdicts = diagnosis.verdicts();
      busy = new TreeSet<>(diagnosis.busy());
    }
    for (QueueVerdict verdict : verdicts) {
      boolean hot = Double.isNaN(verdict.cpuShare()) || verdict.cpuShare() >= SUSPECT_SHARE;
      boolean waits = verdict.queue() == null || verdict.queue().packetWaits();
      boolean suspicious = (hot && waits) || busy.contains(verdict.tid());
      listed.add(verdict.tid());
      if (verdict.tid() != 0
          && wanted.test(verdict)
          && suspicious
          && suspects.size() < MAX_SUSPECTS) {
        suspects.add(verdict.tid());
      }
    }
    for (int tid : busy) {
      if (!listed.contains(tid) && unlisted.test(tid) && suspects.size() < MAX_SUSPECTS) {
        suspects.add(tid);
      }
    }
    return suspects;
  }

  /** Queues to look around: that spin, or stand still, or make their worker work. */
  private List<SurroundingsReader.Target> conspicuous() {
    List<QueueVerdict> verdicts;
    synchronized (this) {
      verdicts = diagnosis.verdicts();
    }
    List<SurroundingsReader.Target> targets = new ArrayList<>();
    for (QueueVerdict verdict : verdicts) {
      CensusQueue queue = verdict.queue();
      Worker worker = verdict.worker();
      if (queue != null
          && worker != null
          && targets.size() < MAX_AROUND
          && (queue.packetWaits() || verdict.cpuShare() >= SUSPECT_SHARE)) {
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

  private interface Step {
    void run() throws InterruptedException;
  }

  private void capture(Plan plan, Set<Integer> suspects, Duration time, Step meanwhile)
      throws InterruptedException {
    Event.Source source = suspects.isEmpty() ? Event.Source.SENTINEL : Event.Source.EVIDENCE;
    EvidencePlan measures = suspects.isEmpty() ? null : plan.evidencePlan(suspects);
    if (hung) {
      emit(new Event.End(source, "no probes: bpftrace hangs"));
      watchCpu(time);
      return;
    }
    if (plan.sentinel().isEmpty()) {
      emit(new Event.End(source, "no function to see spins by can be probed in this kernel"));
      meanwhile.run();
      watchCpu(time);
      return;
    }
    progress.accept(
        suspects.isEmpty()
            ? "no suspect: watching all queues for spins"
            : "capturing evidence on worker " + suspects);
    emit(new Event.Begin(source, measures));
    String trouble;
    Consumer<String> lines = line -> emit(new Event.Line(source, line));
    try (Child child =
        suspects.isEmpty()
            ? bpftrace().probes(plan.sentinel().get(), lines)
            : bpftrace().capture(plan.evidence(suspects), suspects.size(), lines)) {
      trouble = attended(child, time, meanwhile);
    } catch (IOException | PlanException e) {
      trouble = String.valueOf(e.getMessage());
    }
    sample();
    emit(new Event.End(source, trouble));
  }

  private String attended(Child child, Duration time, Step meanwhile) throws InterruptedException {
    if (!child.awaitReady(patience, () -> false)) {
      boolean late = child.alive();
      child.stop(STOP_GRACE);
      meanwhile.run();
      return late
          ? "the probes were not attached within " + patience.toSeconds() + " s"
          : "the probes could not be attached: " + child.complaint();
    }
    long end = System.nanoTime() + time.toNanos();
    meanwhile.run();
    while (System.nanoTime() < end && child.alive()) {
      TimeUnit.MILLISECONDS.sleep(
          Math.max(1, Math.min(500, (end - System.nanoTime()) / 1_000_000)));
      sample();
    }
    boolean early = !child.alive();
    boolean inOrder = child.stop(STOP_GRACE);
    if (early) {
      return "bpftrace ended before its time: " + child.complaint();
    }
    return inOrder ? "" : "bpftrace had to be killed";
  }

  private void secondCensus(Plan plan, long first, Duration apart) throws InterruptedException {
    if (plan.census().isEmpty()) {
      return;
    }
    while (System.nanoTime() - first < apart.toNanos()) {
      TimeUnit.MILLISECONDS.sleep(250);
      sample();
    }
    census(plan);
  }

  private Bpftrace bpftrace() {
    return kit.bpftrace().orElseThrow();
  }
}
