package org.vhostwatch.daemon;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.host.Tasks;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.incident.Archive;
import org.vhostwatch.incident.Ending;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.IncidentJson;
import org.vhostwatch.incident.Keeper;
import org.vhostwatch.incident.Look;
import org.vhostwatch.incident.QueueIdentity;
import org.vhostwatch.incident.Scene;
import org.vhostwatch.incident.Stored;
import org.vhostwatch.incident.Tape;
import org.vhostwatch.incident.Transcript;
import org.vhostwatch.log.Log;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.log.QueueName;
import org.vhostwatch.notify.Notices;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.EvidencePlan;
import org.vhostwatch.probe.Plan;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.report.QueueReport;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.QueueStatus;

/**
 * Shows the keeper each cycle, gives it its looks and recordings, and hands what changed to the
 * archive. Owned by the loop, but for {@link #list} and {@link #whole}; waits for no disk.
 */
final class Incidents implements AutoCloseable {

  private static final long SECOND = 1_000_000_000L;

  /** How long the loop goes on without knowing what lies on a disk that hangs. */
  private static final long LOAD_NANOS = 15 * SECOND;

  /** A look waits so long for a capture, counted from the last one; and no longer than that. */
  private static final long CAPTURE_NANOS = 90 * SECOND;

  private static final long LONGEST_CAPTURE_NANOS = 300 * SECOND;

  /** What was captured is of use for so long. */
  private static final long STALE_NANOS = 120 * SECOND;

  private static final int MAX_SAMPLES = 60;
  private static final int MAX_LOG = 100;
  private static final int SHOWN = 10;

  private record Captured(Transcript lines, EvidencePlan plan, Optional<Surroundings> around) {}

  private record Due(Look.When when, long since) {}

  /** What HTTP threads read. */
  private record Published(List<Incident> all, Map<String, Incident> byId) {}

  private final Keeper keeper;
  private final Archive archive;
  private final LogRing log;
  private final ProcFs fs;
  private final Notices notices;
  private final long startedAt = System.nanoTime();
  private final Deque<Tape.Sample> samples = new ArrayDeque<>();
  private final Deque<Transcript> censuses = new ArrayDeque<>();
  private final Map<Long, Captured> captures = new HashMap<>();
  private final Map<Long, Due> due = new HashMap<>();

  /** When a capture was last being made, of whichever queue: the next may be for this one. */
  private long capturedAt;

  private final Map<String, Long> logged = new HashMap<>();
  private Optional<Scene.Seen> census = Optional.empty();
  private Optional<ProbeKit> kit = Optional.empty();
  private Optional<KernelExposure> exposure = Optional.empty();
  private long attachedAt;
  private boolean remembered;
  private volatile Published published = new Published(List.of(), Map.of());

  Incidents(Keeper keeper, Archive archive, LogRing log, ProcFs fs, Notices notices) {
    this.notices = notices;
    this.fs = fs;
    this.keeper = keeper;
    this.archive = archive;
    this.log = log;
  }

  /** Returns the kernel's id of this boot; empty if it cannot be read. */
  static String bootId(ProcFs fs) {
    return fs.text("proc/sys/kernel/random/boot_id", 64).orElse("");
  }

  void take(Incoming message, long wallMillis, long now) {
    if (message instanceof Incoming.Kit seen) {
      kit = Optional.of(seen.kit());
    } else if (message instanceof Incoming.Counted seen) {
      counted(seen);
    } else if (message instanceof Incoming.Captured seen) {
      captured(seen);
    } else if (message instanceof Incoming.Remembered seen) {
      remember(seen.stored(), wallMillis, now);
    } else if (message instanceof Incoming.Changed seen) {
      keeper.change(Keeper.Limits.with(seen.options().settings().confirm()));
    } else if (message instanceof Incoming.Attached) {
      attachedAt = now;
    } else if (message instanceof Incoming.Detached) {
      attachedAt = 0;
    }
  }

  private void counted(Incoming.Counted seen) {
    Map<Long, CensusQueue> queues = new HashMap<>();
    seen.census().queues().forEach(queue -> queues.put(queue.vq(), queue));
    census = Optional.of(new Scene.Seen(seen.lines().begun(), seen.lines().ended(), queues));
    censuses.addLast(seen.lines());
    if (censuses.size() > 2) {
      censuses.removeFirst();
    }
  }

  private void captured(Incoming.Captured seen) {
    if (seen.lines().isPresent() && seen.plan().isPresent()) {
      for (Evidence evidence : seen.evidence()) {
        captures.put(
            evidence.vq(),
            new Captured(
                seen.lines().get(),
                seen.plan().get(),
                seen.around().stream().filter(each -> each.vq() == evidence.vq()).findFirst()));
      }
    }
  }

  private void remember(Stored stored, long wallMillis, long now) {
    stored.troubles().forEach(Log::incidentUnreadable);
    apply(keeper.resume(stored.incidents(), wallMillis, now));
    remembered = true;
  }

  /** Returns whether a census would settle how something ended. */
  boolean wantsCensus() {
    return keeper.wantsCensus();
  }

  /** Returns whether an incident of the agent before waits to be seen. */
  boolean wantsSentinel() {
    return keeper.wantsSentinel();
  }

  /** Returns the queues of which a look is due that a capture should be made for. */
  Set<Long> looksDue(long now) {
    return keeper.looksDue(now).keySet();
  }

  /** Shows the keeper what is seen now; returns the totals after that. */
  IncidentTotals cycle(HostSnapshot snapshot, boolean capturing, long now) {
    exposure = Optional.of(snapshot.exposure());
    sample(snapshot, now);
    captures.values().removeIf(capture -> now - capture.lines().ended() > STALE_NANOS);
    if (remembered || now - startedAt >= LOAD_NANOS) {
      long refused = fs.refused();
      Scene scene = scene(snapshot, now);
      // What could not be read says nothing of how something ended.
      if (fs.refused() == refused) {
        apply(keeper.take(scene));
        looks(snapshot, capturing, now);
      }
    }
    return publish();
  }

  private Scene scene(HostSnapshot snapshot, long now) {
    Set<WorkerId> workers = new HashSet<>();
    snapshot.workers().forEach(status -> workers.add(status.worker().id()));
    return new Scene(
        snapshot.wallMillis(),
        now,
        snapshot.kernel(),
        snapshot.probes().bpftrace(),
        snapshot.queues(),
        workers,
        Tasks.stopped(fs, keeper.workersOfInterest()),
        Tasks.starts(fs, keeper.processesOfInterest()),
        census,
        attachedAt);
  }

  /** A recording needs the workers' CPU time from before the livelock was called one. */
  private void sample(HostSnapshot snapshot, long now) {
    List<Worker> workers = new ArrayList<>();
    List<Vmm> vmms = new ArrayList<>();
    for (QueueStatus status : snapshot.queues()) {
      Worker worker = status.verdict().worker();
      if (suspicious(status.verdict()) && worker != null) {
        workers.add(worker);
        status.vmm().ifPresent(vmms::add);
      }
    }
    if (!workers.isEmpty()) {
      samples.addLast(new Tape.Sample(now, new Event.Workers(workers, vmms)));
    }
    while (samples.size() > MAX_SAMPLES) {
      samples.removeFirst();
    }
  }

  private static boolean suspicious(QueueVerdict verdict) {
    return verdict.verdict() == Verdict.LIVELOCKED || verdict.verdict() == Verdict.SPINNING;
  }

  private void looks(HostSnapshot snapshot, boolean capturing, long now) {
    capturedAt = capturing ? now : capturedAt;
    Map<Long, Look.When> wanted = keeper.looksDue(now);
    due.keySet().retainAll(wanted.keySet());
    for (QueueStatus status : snapshot.queues()) {
      long vq = status.verdict().vq();
      Look.When when = wanted.get(vq);
      if (when == null || status.verdict().verdict() != Verdict.LIVELOCKED) {
        continue;
      }
      Due since = due.get(vq);
      if (since == null || since.when() != when) {
        since = new Due(when, now);
        due.put(vq, since);
      }
      Captured capture = captures.get(vq);
      long from = when == Look.When.ONSET ? status.verdict().since() : since.since();
      boolean fresh = capture != null && capture.lines().ended() >= from;
      long waited = now - since.since();
      boolean inVain = Math.min(waited, now - capturedAt) >= CAPTURE_NANOS;
      if (fresh || inVain || waited >= LONGEST_CAPTURE_NANOS) {
        look(status, when, fresh ? capture : null, snapshot);
      }
    }
  }

  private void look(
      QueueStatus status, Look.When when, @Nullable Captured capture, HostSnapshot snapshot) {
    QueueReport report =
        new QueueReport(
            status,
            snapshot.exposure().status(),
            capture == null ? Optional.empty() : capture.around(),
            snapshot.queues().stream().map(QueueStatus::verdict).toList());
    Optional<Incident> incident =
        keeper.look(
            status.verdict().vq(),
            new Look(
                when,
                snapshot.wallMillis(),
                capture != null,
                report.json(),
                report.text(),
                report.surroundings()));
    if (incident.isEmpty()) {
      return;
    }
    if (capture != null && !incident.get().recorded()) {
      boolean taken = archive.put(incident.get(), tape(status, capture));
      keeper.amend(incident.get().id(), incident.get().log(), taken);
    } else {
      archive.put(incident.get());
    }
  }

  private byte[] tape(QueueStatus status, Captured capture) {
    QueueVerdict verdict = status.verdict();
    Optional<Transcript> before = Optional.empty();
    for (Transcript lines : censuses) {
      // The last that ended within the capture or before; a later one only if there is no other.
      if (before.isEmpty() || lines.ended() <= capture.lines().ended()) {
        before = Optional.of(lines);
      }
    }
    long from =
        Math.min(capture.lines().begun(), before.map(Transcript::begun).orElse(Long.MAX_VALUE));
    List<Tape.Sample> own = new ArrayList<>();
    for (Tape.Sample sample : samples) {
      if (sample.at() >= from - 2 * SECOND && sample.at() <= capture.lines().ended()) {
        own.add(
            new Tape.Sample(
                sample.at(),
                new Event.Workers(
                    sample.workers().workers().stream()
                        .filter(worker -> worker.tid() == verdict.tid())
                        .toList(),
                    status.vmm().stream().toList())));
      }
    }
    Set<Integer> processes = new HashSet<>();
    status.vmm().ifPresent(vmm -> processes.add(vmm.pid()));
    if (verdict.queue() != null) {
      processes.add(verdict.queue().process());
    }
    return new Tape(host(), own, before, capture.plan(), capture.lines()).bytes(processes);
  }

  private Event.Host host() {
    return new Event.Host(
        System.currentTimeMillis(),
        kit.map(seen -> seen.facts().release()).orElse(""),
        kit.flatMap(ProbeKit::bpftrace).map(found -> found.version().toString()).orElse(""),
        kit.flatMap(ProbeKit::plan).map(Plan::indices).orElse(false),
        kit.flatMap(ProbeKit::plan).map(Plan::measurements).orElse(List.of()),
        exposure);
  }

  private void apply(List<Keeper.Change> changes) {
    for (Keeper.Change change : changes) {
      Incident incident = change.incident();
      say(change);
      Incident whole = withLog(incident);
      keeper.amend(whole.id(), whole.log(), whole.recorded());
      archive.put(whole);
      notices.incident(change.what(), whole);
    }
  }

  private static void say(Keeper.Change change) {
    Incident incident = change.incident();
    String id = incident.id();
    QueueName queue = name(incident.queue());
    switch (change.what()) {
      case OPENED -> Log.incidentOpened(id, queue);
      case REOPENED -> Log.incidentReopened(id, queue, incident.count());
      case CONTINUED -> Log.incidentContinued(id, queue);
      case ENDED -> Log.incidentEnded(id, queue, incident.how().map(Ending::id).orElse(""));
      case UPDATED -> {}
    }
  }

  private static QueueName name(QueueIdentity queue) {
    return new QueueName(
        queue.vm(),
        queue.port().name(),
        Math.max(0, queue.port().queueIndex()),
        queue.workerTid(),
        queue.vq());
  }

  /** The first and the last of the lines since the first sign; those that are new are added. */
  private Incident withLog(Incident incident) {
    long after = logged.getOrDefault(incident.id(), 0L);
    List<String> lines = new ArrayList<>(incident.log());
    long from =
        after == 0 && incident.log().isEmpty()
            ? incident.first().firstSign()
            : incident.last().firstSign();
    QueueIdentity queue = incident.queue();
    for (LogRing.Line line : log.lines(queue.vq(), queue.vm(), queue.port().name(), after, from)) {
      lines.add(line.text());
      after = line.number();
    }
    logged.put(incident.id(), after);
    if (lines.size() > MAX_LOG) {
      lines.subList(MAX_LOG / 2, lines.size() - MAX_LOG / 2).clear();
    }
    return incident.withLog(lines);
  }

  private IncidentTotals publish() {
    List<Incident> all = keeper.all();
    Map<String, Incident> byId = new HashMap<>();
    // Older ones are in memory only as far as a list shows them.
    all.stream()
        .filter(incident -> !incident.looks().isEmpty() || !incident.log().isEmpty())
        .forEach(incident -> byId.put(incident.id(), incident));
    logged.keySet().retainAll(all.stream().map(Incident::id).toList());
    published = new Published(all, byId);
    return new IncidentTotals(
        keeper.opened(),
        keeper.open(),
        archive.writeFailures(),
        all.stream().limit(SHOWN).map(Incidents::row).toList());
  }

  private static IncidentTotals.Row row(Incident incident) {
    return new IncidentTotals.Row(
        incident.id(),
        incident.first().firstSign(),
        incident.ended(),
        incident.how().map(Ending::id).orElse(""),
        incident.count(),
        incident.queue().vm(),
        incident.queue().port().name(),
        incident.queue().port().queueIndex());
  }

  /** Returns all incidents as JSON. Any thread may call it. */
  String list() {
    return IncidentJson.list(published.all(), List.of());
  }

  /**
   * Returns one incident as JSON; empty if there is none such in memory. Any thread may call it.
   */
  Optional<String> whole(String id) {
    return Optional.ofNullable(published.byId().get(id)).map(IncidentJson::of);
  }

  void start() {
    archive.start();
  }

  /** Marks what goes on as interrupted, and writes it. The loop must have ended. */
  @Override
  public void close() {
    apply(keeper.stop(System.currentTimeMillis()));
    archive.close();
  }
}
