package org.vhostwatch.incident;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.snapshot.QueueStatus;

/**
 * Makes incidents of verdicts: one for each livelock, from its first sign until a census has shown
 * how it ended. Knows no clock and does no I/O: what is given with their times decides all, ids
 * included. Not thread-safe.
 */
public final class Keeper {

  /**
   * The keeper's limits.
   *
   * @param confirm how long a spin lasts before it is a livelock
   * @param flap a queue that is livelocked again within this time goes on with its incident
   * @param patience how long to wait for a census that shows how a livelock ended
   * @param retained incidents kept, closed ones among them
   */
  public record Limits(Duration confirm, Duration flap, Duration patience, int retained) {
    /** Ten minutes to flap, three to be told how it ended, 200 incidents. */
    public static Limits with(Duration confirm) {
      return new Limits(confirm, Duration.ofMinutes(10), Duration.ofMinutes(3), 200);
    }
  }

  /** An incident that changed, and why it is worth a word. */
  public record Change(Incident incident, What what) {}

  /** What happened to an incident. */
  public enum What {
    OPENED,
    /** The queue is livelocked again, soon after its last livelock. */
    REOPENED,
    /** Taken over from the agent before. */
    CONTINUED,
    ENDED,
    /** Something was added. */
    UPDATED
  }

  /** How long an incident may go on on disk without being written: what a kill can lose. */
  private static final long HEARTBEAT_NANOS = 30_000_000_000L;

  /** Longer ago than anything that is asked for, and no overflow. */
  private static final long LONG_AGO_MILLIS = Duration.ofDays(36_500).toMillis();

  /** UNKNOWN says nothing about an end; but not for ever. */
  private static final long UNKNOWN_NANOS = 600_000_000_000L;

  /** A worker that is not in /proc's list yet is younger than the last look at it. */
  private static final long STRANGER_NANOS = 10_000_000_000L;

  /** Without census or sentinel: how long until an incident taken over counts as ended. */
  private static final long BLIND_NANOS = 600_000_000_000L;

  /** After census and confirm time, for the first passes to be seen. */
  private static final long MARGIN_NANOS = 5_000_000_000L;

  /** So many of the newest incidents stay in memory with all that was seen. */
  public static final int WHOLE = 32;

  private enum Mode {
    LIVE,
    ENDING,
    RESUMING,
    CLOSED
  }

  /**
   * An incident in the making. All times are nanoseconds of CLOCK_MONOTONIC: the wall clock is set
   * while the agent runs, and decides nothing.
   */
  private static final class Track {
    Incident incident;
    Mode mode;

    /** When the present mode began. */
    long since;

    /** When the verdict stopped to say anything, 0 while it does. */
    long unknownSince;

    /** last_used_idx in the livelock, -1 if not known. */
    int usedIdx = -1;

    long writtenAt;

    /** When its first livelock was confirmed. */
    long confirmedAt;

    /** When its last livelock ended, of use once it is closed. */
    long endedAt;

    /** End of the first census since it was taken over, 0 before. */
    long countedAt;

    /** Begin of the census in which the queue was missing first, 0 if it was in all. */
    long missingSince;

    Track(Incident incident, Mode mode, long since) {
      this.incident = incident;
      this.mode = mode;
      this.since = since;
      this.confirmedAt = since;
    }
  }

  private Limits limits;
  private final String agent;
  private final String bootId;
  private final List<Track> tracks = new ArrayList<>();
  private final Map<Long, Long> strangers = new HashMap<>();
  private List<Change> changes = new ArrayList<>();
  private long opened;

  /** When the present scene is, CLOCK_MONOTONIC nanoseconds. */
  private long now;

  /**
   * @param agent version of this program
   * @param bootId the kernel's id of this boot
   */
  public Keeper(Limits limits, String agent, String bootId) {
    this.limits = limits;
    this.agent = agent;
    this.bootId = bootId;
  }

  /** From now on these limits count. */
  public void change(Limits next) {
    limits = next;
  }

  /**
   * Takes over what an agent before has left.
   *
   * @param stored incidents, in any order
   * @param wallMillis now
   * @param nanos now
   * @return what changed by it
   */
  public List<Change> resume(List<Incident> stored, long wallMillis, long nanos) {
    changes = new ArrayList<>();
    now = nanos;
    Set<String> known = ids();
    for (Incident incident : stored) {
      if (!known.add(incident.id())) {
        continue;
      }
      boolean over = incident.state() == Incident.State.CLOSED;
      Optional<Track> here = over ? Optional.empty() : underWay(incident.queue());
      if (here.isPresent()) {
        goOnWith(here.get(), incident, wallMillis);
        continue;
      }
      Track track = new Track(incident, over ? Mode.CLOSED : Mode.RESUMING, nanos);
      track.writtenAt = nanos;
      track.confirmedAt = confirmedAt(incident, wallMillis);
      long endedAgo = wallMillis - incident.ended();
      // What has yet to end by a clock that was set back ended nobody knows when.
      track.endedAt = nanos - nanos(endedAgo < 0 ? LONG_AGO_MILLIS : endedAgo);
      tracks.add(track);
      if (!over && !incident.queue().bootId().equals(bootId)) {
        close(track, wallMillis, Ending.HOST_REBOOTED);
      }
    }
    forget();
    shorten();
    return changes;
  }

  private Optional<Track> underWay(QueueIdentity queue) {
    return tracks.stream()
        .filter(track -> track.mode == Mode.LIVE || track.mode == Mode.ENDING)
        .filter(track -> track.incident.queue().sameObject(queue))
        .findFirst();
  }

  /** A livelock got a record before that of the agent before could be read: that one goes on. */
  private void goOnWith(Track track, Incident stored, long wallMillis) {
    Track own = new Track(track.incident, track.mode, track.since);
    track.incident = stored.goneOnWith(own.incident);
    track.confirmedAt = confirmedAt(stored, wallMillis);
    changed(track, What.CONTINUED);
    close(own, wallMillis, Ending.TAKEN_OVER);
    // Whatever becomes of the queue, this record has ended.
    own.endedAt = now - nanos(LONG_AGO_MILLIS);
    tracks.add(own);
  }

  private long confirmedAt(Incident stored, long wallMillis) {
    return now - nanos(Math.max(0, wallMillis - stored.first().confirmed()));
  }

  private static long nanos(long millis) {
    return Math.min(millis, LONG_AGO_MILLIS) * 1_000_000L;
  }

  /** Returns the processes whose fate decides how something ended. */
  public Set<Integer> processesOfInterest() {
    Set<Integer> ids = new HashSet<>();
    for (Track track : tracks) {
      if (track.mode == Mode.ENDING && track.incident.queue().vmPid() != 0) {
        ids.add(track.incident.queue().vmPid());
      }
    }
    return ids;
  }

  /** Returns the workers of which it matters whether they are stopped. */
  public Set<Integer> workersOfInterest() {
    Set<Integer> ids = new HashSet<>();
    for (Track track : tracks) {
      if (track.mode == Mode.ENDING && track.incident.queue().workerTid() != 0) {
        ids.add(track.incident.queue().workerTid());
      }
    }
    return ids;
  }

  /** Returns whether a census would settle something. */
  public boolean wantsCensus() {
    return tracks.stream().anyMatch(track -> track.mode == Mode.ENDING);
  }

  /** Takes what is seen now; returns what changed by it. */
  public List<Change> take(Scene scene) {
    changes = new ArrayList<>();
    now = scene.nanos();
    Map<Long, QueueStatus> seen = new HashMap<>();
    for (QueueStatus status : scene.queues()) {
      if (status.verdict().vq() != 0) {
        seen.put(status.verdict().vq(), status);
        if (status.verdict().verdict() == Verdict.LIVELOCKED) {
          livelocked(status, scene);
        }
      }
    }
    for (Track track : tracks) {
      QueueStatus status = seen.get(track.incident.queue().vq());
      boolean livelocked =
          status != null && status.verdict().verdict() == Verdict.LIVELOCKED && same(track, status);
      if (livelocked) {
        continue;
      }
      switch (track.mode) {
        case LIVE -> silent(track, status, scene);
        case ENDING -> ending(track, scene).ifPresent(how -> close(track, scene.wallMillis(), how));
        case RESUMING -> resuming(track, status, scene);
        case CLOSED -> {}
      }
    }
    strangers.keySet().retainAll(seen.keySet());
    if (!changes.isEmpty()) {
      shorten();
    }
    return changes;
  }

  /**
   * Returns the queues of which a look is due, with which it is.
   *
   * @param nanos now, CLOCK_MONOTONIC nanoseconds
   */
  public Map<Long, Look.When> looksDue(long nanos) {
    Map<Long, Look.When> due = new HashMap<>();
    for (Track track : tracks) {
      if (track.mode == Mode.LIVE) {
        due(track, nanos).ifPresent(when -> due.put(track.incident.queue().vq(), when));
      }
    }
    return due;
  }

  /** Returns the latest look that is due and not taken: what an agent missed is not made up for. */
  private static Optional<Look.When> due(Track track, long nanos) {
    List<Look> looks = track.incident.looks();
    Optional<Look.When> due = Optional.empty();
    for (Look.When when : Look.When.values()) {
      if (looks.stream().anyMatch(look -> look.when().compareTo(when) >= 0)) {
        continue;
      }
      if (nanos - track.confirmedAt >= nanos(when.afterMillis())) {
        due = Optional.of(looks.isEmpty() ? Look.When.ONSET : when);
      }
    }
    return due;
  }

  /** Adds a look to the queue's incident; returns it, empty if no look of that queue is due. */
  public Optional<Incident> look(long vq, Look look) {
    for (Track track : tracks) {
      Incident old = track.incident;
      if (track.mode == Mode.LIVE
          && old.queue().vq() == vq
          && old.looks().stream().noneMatch(taken -> taken.when().compareTo(look.when()) >= 0)) {
        List<Look> looks = new ArrayList<>(old.looks());
        looks.add(look);
        track.incident = old.withLooks(looks);
        return Optional.of(track.incident);
      }
    }
    return Optional.empty();
  }

  /** Replaces an incident's log or note on its recording; what it says else is not taken over. */
  public void amend(String id, List<String> log, boolean recorded) {
    for (Track track : tracks) {
      if (track.incident.id().equals(id)) {
        track.incident = track.incident.withLog(log).withRecording(recorded);
      }
    }
  }

  /** Keeps the newest incidents whole, and of older ones that are over only what a list shows. */
  private void shorten() {
    List<Incident> newest = all();
    Set<String> whole = new HashSet<>();
    newest.stream().limit(WHOLE).forEach(incident -> whole.add(incident.id()));
    for (Track track : tracks) {
      boolean settled = track.mode == Mode.CLOSED && now - track.endedAt > limits.flap().toNanos();
      if (settled && !whole.contains(track.incident.id())) {
        track.incident = track.incident.withLooks(List.of()).withLog(List.of());
      }
    }
  }

  /** Ends the watch, in order: what goes on is marked as interrupted. */
  public List<Change> stop(long wallMillis) {
    changes = new ArrayList<>();
    for (Track track : tracks) {
      if (track.mode == Mode.LIVE || track.mode == Mode.ENDING) {
        Incident old = track.incident;
        track.incident =
            old.with(
                Incident.State.INTERRUPTED,
                old.queue(),
                old.count(),
                old.withLast(old.last().over(wallMillis, Optional.of(Ending.AGENT_STOPPED))),
                old.looks());
        changed(track, What.UPDATED);
      }
    }
    return changes;
  }

  /** Returns all incidents, newest first. */
  public List<Incident> all() {
    return tracks.stream()
        .map(track -> track.incident)
        .sorted(
            Comparator.comparingLong((Incident incident) -> incident.first().firstSign())
                .thenComparing(Incident::id)
                .reversed())
        .toList();
  }

  /** Returns how many incidents this keeper has opened. */
  public long opened() {
    return opened;
  }

  /** Returns how many go on. */
  public int open() {
    return (int) tracks.stream().filter(track -> track.mode != Mode.CLOSED).count();
  }

  private boolean same(Track track, QueueStatus status) {
    return track.incident.queue().sameObject(QueueIdentity.of(bootId, status));
  }

  private void livelocked(QueueStatus status, Scene scene) {
    QueueIdentity queue = QueueIdentity.of(bootId, status);
    for (Track track : tracks) {
      if (track.mode != Mode.CLOSED && track.incident.queue().sameObject(queue)) {
        goesOn(track, status, queue, scene);
        return;
      }
    }
    if (unknown(status, queue, scene)) {
      return;
    }
    Optional<Track> flapping =
        tracks.stream()
            .filter(
                track ->
                    track.mode == Mode.CLOSED
                        && now - track.endedAt <= limits.flap().toNanos()
                        && (track.incident.queue().sameName(queue)
                            || track.incident.queue().sameObject(queue)))
            .max(Comparator.comparingLong(track -> track.endedAt));
    // A VMM that gives its queue a new object (a reset, a migration of the tap) while the end of
    // the old one is not settled: the same incident too.
    Optional<Track> moved =
        tracks.stream()
            .filter(
                track ->
                    (track.mode == Mode.ENDING || track.mode == Mode.RESUMING)
                        && track.incident.queue().sameName(queue))
            .findFirst();
    if (moved.isPresent()) {
      Track track = moved.get();
      close(
          track,
          scene.wallMillis(),
          track.mode == Mode.ENDING ? Ending.DEVICE_CLOSED : Ending.AGENT_STOPPED);
      again(track, status, queue, scene);
    } else if (flapping.isPresent()) {
      again(flapping.get(), status, queue, scene);
    } else {
      open(status, queue, scene);
    }
  }

  /** Returns whether to wait until more is known of whose queue this is. */
  private boolean unknown(QueueStatus status, QueueIdentity queue, Scene scene) {
    boolean nameComes = status.verdict().queue() == null && scene.census().isEmpty();
    boolean workerComes = status.verdict().worker() == null;
    if (!nameComes && !workerComes) {
      return false;
    }
    long first = strangers.computeIfAbsent(queue.vq(), absent -> scene.nanos());
    return scene.nanos() - first < STRANGER_NANOS;
  }

  private void goesOn(Track track, QueueStatus status, QueueIdentity queue, Scene scene) {
    Mode before = track.mode;
    int used = usedIdx(status);
    if (before == Mode.ENDING && used >= 0 && track.usedIdx >= 0 && used != track.usedIdx) {
      close(track, scene.wallMillis(), Ending.REFILLED);
      again(track, status, queue, scene);
      return;
    }
    Incident old = track.incident;
    QueueIdentity identity = queue.betterThan(old.queue()) ? queue : old.queue();
    List<Gap> gaps = old.gaps();
    if (before == Mode.RESUMING) {
      gaps = new ArrayList<>(gaps);
      gaps.add(new Gap(old.last().lastSeen(), scene.wallMillis()));
      gaps = Incident.ends(gaps);
    }
    boolean news = before == Mode.RESUMING || !identity.equals(old.queue());
    track.incident =
        new Incident(
            old.id(),
            Incident.State.OPEN,
            identity,
            old.kernel(),
            old.bpftrace(),
            old.agent(),
            confidence(status),
            old.count(),
            old.withLast(old.last().seen(scene.wallMillis())),
            old.looks(),
            gaps,
            old.log(),
            old.recorded());
    alive(track, used, scene);
    if (before == Mode.RESUMING) {
      changed(track, What.CONTINUED);
    } else if (news || now - track.writtenAt >= HEARTBEAT_NANOS) {
      changed(track, What.UPDATED);
    }
  }

  private static void alive(Track track, int used, Scene scene) {
    track.since = track.mode == Mode.LIVE ? track.since : scene.nanos();
    track.mode = Mode.LIVE;
    track.unknownSince = 0;
    track.missingSince = 0;
    track.usedIdx = used >= 0 ? used : track.usedIdx;
  }

  private void again(Track track, QueueStatus status, QueueIdentity queue, Scene scene) {
    Incident old = track.incident;
    List<Occurrence> occurrences = new ArrayList<>(old.occurrences());
    occurrences.add(begins(status, scene, old.last().lastSeen()));
    // The change to closed, if it came in this very moment, is not worth a word of its own.
    changes.removeIf(change -> change.incident().id().equals(old.id()));
    track.incident =
        old.with(
            Incident.State.OPEN, queue, old.count() + 1, Incident.ends(occurrences), old.looks());
    track.usedIdx = -1;
    alive(track, usedIdx(status), scene);
    changed(track, What.REOPENED);
  }

  private void open(QueueStatus status, QueueIdentity queue, Scene scene) {
    Occurrence first = begins(status, scene, 0);
    Track track =
        new Track(
            new Incident(
                IncidentId.of(queue, first, ids()),
                Incident.State.OPEN,
                queue,
                scene.kernel(),
                scene.bpftrace(),
                agent,
                confidence(status),
                1,
                List.of(first),
                List.of(),
                List.of(),
                List.of(),
                false),
            Mode.LIVE,
            scene.nanos());
    alive(track, usedIdx(status), scene);
    tracks.add(track);
    opened++;
    changed(track, What.OPENED);
    forget();
  }

  private static Occurrence begins(QueueStatus status, Scene scene, long notBefore) {
    long since = status.sinceWallMillis() == 0 ? scene.wallMillis() : status.sinceWallMillis();
    long first = Math.min(scene.wallMillis(), Math.max(since, notBefore));
    return new Occurrence(first, scene.wallMillis(), scene.wallMillis(), 0, Optional.empty());
  }

  private void silent(Track track, @Nullable QueueStatus status, Scene scene) {
    boolean saysNothing =
        status != null && status.verdict().verdict() == Verdict.UNKNOWN && same(track, status);
    if (saysNothing) {
      track.unknownSince = track.unknownSince == 0 ? scene.nanos() : track.unknownSince;
      if (scene.nanos() - track.unknownSince < UNKNOWN_NANOS) {
        return;
      }
    }
    track.mode = Mode.ENDING;
    track.since = scene.nanos();
    track.missingSince = 0;
    Incident old = track.incident;
    track.incident =
        old.with(
            old.state(),
            old.queue(),
            old.count(),
            old.withLast(old.last().over(scene.wallMillis(), Optional.empty())),
            old.looks());
  }

  /** Returns how it ended, once that is known or the patience is at its end. */
  private Optional<Ending> ending(Track track, Scene scene) {
    QueueIdentity queue = track.incident.queue();
    boolean known = queue.vmPid() != 0 && queue.vmStartTicks() != 0;
    if (known) {
      Long start = scene.processes().get(queue.vmPid());
      if (start == null || start != queue.vmStartTicks()) {
        return Optional.of(Ending.VM_GONE);
      }
    }
    boolean late = scene.nanos() - track.since >= limits.patience().toNanos();
    Optional<Scene.Seen> after = scene.census().filter(census -> census.begun() >= track.since);
    if (after.isPresent()) {
      Optional<Ending> told = told(track, after.get(), scene);
      if (told.isPresent()) {
        return told;
      }
    }
    return late ? Optional.of(Ending.UNKNOWN) : Optional.empty();
  }

  private static Optional<Ending> told(Track track, Scene.Seen census, Scene scene) {
    QueueIdentity queue = track.incident.queue();
    CensusQueue now = census.queues().get(queue.vq());
    if (now == null || (queue.vmPid() != 0 && now.process() != queue.vmPid())) {
      // The census walks file tables while they change. With the worker gone too, or missing twice,
      // the queue is gone.
      boolean workerLives =
          scene.workers().contains(new WorkerId(queue.workerTid(), queue.workerStartTicks()));
      boolean twice = track.missingSince != 0 && track.missingSince != census.begun();
      track.missingSince = track.missingSince == 0 ? census.begun() : track.missingSince;
      if (workerLives && !twice) {
        return Optional.empty();
      }
      return Optional.of(queue.vmPid() == 0 ? Ending.UNKNOWN : Ending.DEVICE_CLOSED);
    }
    if (now.backend() == CensusQueue.Backend.NONE) {
      return Optional.of(Ending.BACKEND_DETACHED);
    }
    if (track.usedIdx >= 0 && now.lastUsedIdx() != track.usedIdx) {
      return Optional.of(Ending.REFILLED);
    }
    if (!now.packetWaits()) {
      // Taken from the head without being delivered: only a change of the backend does that.
      return Optional.of(track.usedIdx < 0 ? Ending.REFILLED : Ending.BACKEND_DETACHED);
    }
    return scene.stopped().contains(queue.workerTid())
        ? Optional.of(Ending.PAUSED)
        : Optional.empty();
  }

  private void resuming(Track track, @Nullable QueueStatus status, Scene scene) {
    long waited = scene.nanos() - track.since;
    Verdict verdict = status == null ? Verdict.HEALTHY : status.verdict().verdict();
    boolean undecided = verdict == Verdict.SPINNING || verdict == Verdict.UNKNOWN;
    if (track.countedAt == 0 && scene.census().isPresent()) {
      Scene.Seen census = scene.census().get();
      track.countedAt = census.begun() >= track.since ? census.ended() : 0;
    }
    // Without the sentinel, a livelock cannot be told from a busy queue yet.
    boolean sees = track.countedAt != 0 && scene.attachedAt() != 0;
    long since = Math.max(track.countedAt, scene.attachedAt());
    boolean looked =
        sees && !undecided && scene.nanos() - since >= limits.confirm().toNanos() + MARGIN_NANOS;
    if (looked || waited >= BLIND_NANOS + limits.confirm().toNanos()) {
      close(track, scene.wallMillis(), Ending.AGENT_STOPPED);
    }
  }

  private void close(Track track, long wallMillis, Ending how) {
    Incident old = track.incident;
    boolean unwatched = track.mode == Mode.RESUMING;
    long at = track.mode == Mode.ENDING ? old.last().ended() : wallMillis;
    List<Gap> gaps = new ArrayList<>(old.gaps());
    if (unwatched) {
      gaps.add(new Gap(old.last().lastSeen(), Math.max(wallMillis, old.last().lastSeen())));
    }
    track.incident =
        new Incident(
            old.id(),
            Incident.State.CLOSED,
            old.queue(),
            old.kernel(),
            old.bpftrace(),
            old.agent(),
            old.confidence(),
            old.count(),
            old.withLast(old.last().over(at, Optional.of(how))),
            old.looks(),
            Incident.ends(gaps),
            old.log(),
            old.recorded());
    track.endedAt = track.mode == Mode.ENDING ? track.since : now;
    track.mode = Mode.CLOSED;
    changed(track, What.ENDED);
  }

  private void changed(Track track, What what) {
    track.writtenAt = now;
    changes.add(new Change(track.incident, what));
  }

  /** Drops the oldest closed incidents beyond the limit. */
  private void forget() {
    while (tracks.size() > limits.retained()) {
      Optional<Track> oldest =
          tracks.stream()
              .filter(track -> track.mode == Mode.CLOSED)
              .min(Comparator.comparingLong(track -> track.incident.ended()));
      if (oldest.isEmpty()) {
        return;
      }
      tracks.remove(oldest.get());
    }
  }

  private Set<String> ids() {
    Set<String> ids = new HashSet<>();
    tracks.forEach(track -> ids.add(track.incident.id()));
    return ids;
  }

  private static int usedIdx(QueueStatus status) {
    if (status.verdict().spin() != null && status.verdict().spin().indices()) {
      return status.verdict().spin().usedIdx();
    }
    return status.verdict().queue() == null ? -1 : status.verdict().queue().lastUsedIdx();
  }

  private static String confidence(QueueStatus status) {
    return status.verdict().confidence().name().toLowerCase(Locale.ROOT);
  }
}
