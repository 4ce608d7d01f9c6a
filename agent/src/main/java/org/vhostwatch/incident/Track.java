package org.vhostwatch.incident;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.SpinCounters;
import org.vhostwatch.snapshot.QueueStatus;

/**
 * An incident in the making: one queue's livelock, and how it goes on and ends. All times are
 * nanoseconds of CLOCK_MONOTONIC: the wall clock is set while the agent runs, and decides nothing.
 */
final class Track {

  enum Mode {
    /** The queue is livelocked. */
    LIVE,
    /** It is not any more, and nobody has told how that came. */
    ENDING,
    /** Taken over from the agent before, and not seen yet. */
    RESUMING,
    CLOSED
  }

  /** How long an incident may go on on disk without being written: what a kill can lose. */
  private static final long HEARTBEAT_NANOS = 30_000_000_000L;

  /** Longer ago than anything that is asked for, and no overflow. */
  private static final long LONG_AGO_MILLIS = Duration.ofDays(36_500).toMillis();

  /** UNKNOWN says nothing about an end; but not for ever. */
  private static final long UNKNOWN_NANOS = 600_000_000_000L;

  /** Without census or sentinel: how long until an incident taken over counts as ended. */
  private static final long BLIND_NANOS = 600_000_000_000L;

  /** After census and confirm time, for the first passes to be seen. */
  private static final long MARGIN_NANOS = 5_000_000_000L;

  private Incident incident;
  private Mode mode;

  /** When the present mode began. */
  private long since;

  /** When the verdict stopped to say anything, 0 while it does. */
  private long unknownSince;

  /** last_used_idx in the livelock, -1 if not known. */
  private int usedIdx = -1;

  private long writtenAt;

  /** When its first livelock was confirmed. */
  private long confirmedAt;

  /** When its last livelock ended, of use once it is closed. */
  private long endedAt;

  /** End of the first census since it was taken over, 0 before. */
  private long countedAt;

  /** Begin of the census in which the queue was missing first, 0 if it was in all. */
  private long missingSince;

  private Track(Incident incident, Mode mode, long since) {
    this.incident = incident;
    this.mode = mode;
    this.since = since;
    this.confirmedAt = since;
  }

  /** Returns the track of a livelock that begins. */
  static Track begun(Incident incident, QueueStatus status, Scene scene) {
    Track track = new Track(incident, Mode.LIVE, scene.nanos());
    track.alive(usedIdx(status), scene.nanos());
    return track;
  }

  /** Returns the track of an incident that the agent before has left. */
  static Track stored(Incident incident, long wallMillis, long now) {
    boolean over = incident.state() == Incident.State.CLOSED;
    Track track = new Track(incident, over ? Mode.CLOSED : Mode.RESUMING, now);
    track.writtenAt = now;
    track.confirmedAt = confirmedAt(incident, wallMillis, now);
    long endedAgo = wallMillis - incident.ended();
    // What has yet to end by a clock that was set back ended nobody knows when.
    track.endedAt = now - nanos(endedAgo < 0 ? LONG_AGO_MILLIS : endedAgo);
    return track;
  }

  Incident incident() {
    return incident;
  }

  QueueIdentity queue() {
    return incident.queue();
  }

  Mode mode() {
    return mode;
  }

  boolean is(Mode asked) {
    return mode == asked;
  }

  /** Returns when its last livelock ended, of use once it is closed. */
  long endedAt() {
    return endedAt;
  }

  void written(long now) {
    writtenAt = now;
  }

  /**
   * Lets the record of the agent before go on with what this one has seen of the same queue;
   * returns the track of this one's own record, which is over.
   */
  Track goOnWith(Incident stored, long wallMillis, long now) {
    Track own = new Track(incident, mode, since);
    incident = stored.goneOnWith(own.incident);
    confirmedAt = confirmedAt(stored, wallMillis, now);
    own.close(wallMillis, Ending.TAKEN_OVER, now);
    // Whatever becomes of the queue, this record has ended.
    own.endedAt = now - nanos(LONG_AGO_MILLIS);
    return own;
  }

  /** Returns whether buffers were taken since it began: what is livelocked now is so again. */
  boolean hasMovedOn(QueueStatus status) {
    int used = usedIdx(status);
    return mode == Mode.ENDING && used >= 0 && usedIdx >= 0 && used != usedIdx;
  }

  /** Takes that the queue is livelocked still; returns whether that is to be written. */
  boolean goesOn(QueueStatus status, QueueIdentity queue, Scene scene) {
    Incident old = incident;
    QueueIdentity identity = queue.betterThan(old.queue()) ? queue : old.queue();
    boolean resumed = mode == Mode.RESUMING;
    List<Gap> gaps = resumed ? withGap(scene.wallMillis()) : old.gaps();
    incident =
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
    alive(usedIdx(status), scene.nanos());
    return resumed || !identity.equals(old.queue()) || scene.nanos() - writtenAt >= HEARTBEAT_NANOS;
  }

  /** Takes that the queue is livelocked once more, after an end. */
  void again(QueueStatus status, QueueIdentity queue, Scene scene) {
    Incident old = incident;
    List<Occurrence> occurrences = new ArrayList<>(old.occurrences());
    occurrences.add(begins(status, scene, old.last().lastSeen()));
    incident =
        old.with(
            Incident.State.OPEN, queue, old.count() + 1, Incident.ends(occurrences), old.looks());
    usedIdx = -1;
    alive(usedIdx(status), scene.nanos());
  }

  /** Takes that it is not livelocked any more, unless its verdict says nothing. */
  void silent(@Nullable QueueStatus own, Scene scene) {
    if (own != null && own.verdict().verdict() == Verdict.UNKNOWN) {
      unknownSince = unknownSince == 0 ? scene.nanos() : unknownSince;
      if (scene.nanos() - unknownSince < UNKNOWN_NANOS) {
        return;
      }
    }
    mode = Mode.ENDING;
    since = scene.nanos();
    missingSince = 0;
    Incident old = incident;
    incident =
        old.with(
            old.state(),
            old.queue(),
            old.count(),
            old.withLast(old.last().over(scene.wallMillis(), Optional.empty())),
            old.looks());
  }

  /** Returns how it ended, once that is known or the patience is at its end. */
  Optional<Ending> ending(Scene scene, Duration patience) {
    QueueIdentity queue = queue();
    boolean known = queue.vmPid() != 0 && queue.vmStartTicks() != 0;
    if (known) {
      Long start = scene.processes().get(queue.vmPid());
      if (start == null || start != queue.vmStartTicks()) {
        return Optional.of(Ending.VM_GONE);
      }
    }
    Optional<Scene.Seen> after = scene.census().filter(census -> census.begun() >= since);
    if (after.isPresent()) {
      Optional<Ending> told = told(after.get(), scene);
      if (told.isPresent()) {
        return told;
      }
    }
    boolean late = scene.nanos() - since >= patience.toNanos();
    return late ? Optional.of(Ending.UNKNOWN) : Optional.empty();
  }

  private Optional<Ending> told(Scene.Seen census, Scene scene) {
    QueueIdentity queue = queue();
    CensusQueue now = census.queues().get(queue.vq());
    if (now == null || (queue.vmPid() != 0 && now.process() != queue.vmPid())) {
      // The census walks file tables while they change. With the worker gone too, or missing twice,
      // the queue is gone.
      boolean workerLives =
          scene.workers().contains(new WorkerId(queue.workerTid(), queue.workerStartTicks()));
      boolean twice = missingSince != 0 && missingSince != census.begun();
      missingSince = missingSince == 0 ? census.begun() : missingSince;
      if (workerLives && !twice) {
        return Optional.empty();
      }
      return Optional.of(queue.vmPid() == 0 ? Ending.UNKNOWN : Ending.DEVICE_CLOSED);
    }
    if (now.backend() == CensusQueue.Backend.NONE) {
      return Optional.of(Ending.BACKEND_DETACHED);
    }
    if (usedIdx >= 0 && now.lastUsedIdx() != usedIdx) {
      return Optional.of(Ending.REFILLED);
    }
    if (!now.packetWaits()) {
      // Taken from the head without being delivered: only a change of the backend does that.
      return Optional.of(usedIdx < 0 ? Ending.REFILLED : Ending.BACKEND_DETACHED);
    }
    return scene.stopped().contains(queue.workerTid())
        ? Optional.of(Ending.PAUSED)
        : Optional.empty();
  }

  /**
   * Returns whether an incident that was taken over is over: the queue was looked at for long
   * enough to be found livelocked, or nothing could be seen of it for all too long.
   *
   * @param own what is said of its queue, null if nothing is
   * @param confirm how long a spin lasts before it is a livelock
   */
  boolean isOverBy(@Nullable QueueStatus own, Scene scene, Duration confirm) {
    Verdict verdict = own == null ? Verdict.HEALTHY : own.verdict().verdict();
    boolean undecided = verdict == Verdict.SPINNING || verdict == Verdict.UNKNOWN;
    if (countedAt == 0 && scene.census().isPresent()) {
      Scene.Seen census = scene.census().get();
      countedAt = census.begun() >= since ? census.ended() : 0;
    }
    // Without the sentinel, a livelock cannot be told from a busy queue yet.
    boolean sees = countedAt != 0 && scene.attachedAt() != 0;
    long from = Math.max(countedAt, scene.attachedAt());
    boolean looked = sees && !undecided && scene.nanos() - from >= confirm.toNanos() + MARGIN_NANOS;
    return looked || scene.nanos() - since >= BLIND_NANOS + confirm.toNanos();
  }

  void close(long wallMillis, Ending how, long now) {
    Incident old = incident;
    boolean ending = mode == Mode.ENDING;
    List<Gap> gaps =
        mode == Mode.RESUMING
            ? withGap(Math.max(wallMillis, old.last().lastSeen()))
            : Incident.ends(old.gaps());
    incident =
        new Incident(
            old.id(),
            Incident.State.CLOSED,
            old.queue(),
            old.kernel(),
            old.bpftrace(),
            old.agent(),
            old.confidence(),
            old.count(),
            old.withLast(
                old.last().over(ending ? old.last().ended() : wallMillis, Optional.of(how))),
            old.looks(),
            gaps,
            old.log(),
            old.recorded());
    endedAt = ending ? since : now;
    mode = Mode.CLOSED;
  }

  /** Marks what goes on as interrupted: the agent ends. */
  void interrupt(long wallMillis) {
    Incident old = incident;
    incident =
        old.with(
            Incident.State.INTERRUPTED,
            old.queue(),
            old.count(),
            old.withLast(
                old.last()
                    .over(
                        mode == Mode.ENDING ? old.last().ended() : wallMillis,
                        Optional.of(Ending.AGENT_STOPPED))),
            old.looks());
  }

  /** Returns the latest look that is due and not taken: what an agent missed is not made up for. */
  Optional<Look.When> lookDue(long now) {
    List<Look> looks = incident.looks();
    Optional<Look.When> due = Optional.empty();
    for (Look.When when : Look.When.values()) {
      if (looks.stream().anyMatch(look -> look.when().compareTo(when) >= 0)) {
        continue;
      }
      if (now - confirmedAt >= nanos(when.afterMillis())) {
        due = Optional.of(looks.isEmpty() ? Look.When.ONSET : when);
      }
    }
    return due;
  }

  /** Adds a look, unless that one or a later one was taken; returns whether it did. */
  boolean add(Look look) {
    if (incident.looks().stream().anyMatch(taken -> taken.when().compareTo(look.when()) >= 0)) {
      return false;
    }
    List<Look> looks = new ArrayList<>(incident.looks());
    looks.add(look);
    incident = incident.withLooks(looks);
    return true;
  }

  void amend(List<String> log, boolean recorded) {
    incident = incident.withLog(log).withRecording(recorded);
  }

  /** Keeps only what a list shows. */
  void shorten() {
    incident = incident.withLooks(List.of()).withLog(List.of());
  }

  /** Returns how a queue's livelock begins. */
  static Occurrence begins(QueueStatus status, Scene scene, long notBefore) {
    long since = status.sinceWallMillis() == 0 ? scene.wallMillis() : status.sinceWallMillis();
    long first = Math.min(scene.wallMillis(), Math.max(since, notBefore));
    return new Occurrence(first, scene.wallMillis(), scene.wallMillis(), 0, Optional.empty());
  }

  static String confidence(QueueStatus status) {
    return status.verdict().confidence().name().toLowerCase(Locale.ROOT);
  }

  private void alive(int used, long now) {
    since = mode == Mode.LIVE ? since : now;
    mode = Mode.LIVE;
    unknownSince = 0;
    missingSince = 0;
    usedIdx = used >= 0 ? used : usedIdx;
  }

  private List<Gap> withGap(long untilWallMillis) {
    List<Gap> gaps = new ArrayList<>(incident.gaps());
    gaps.add(new Gap(incident.last().lastSeen(), untilWallMillis));
    return Incident.ends(gaps);
  }

  private static int usedIdx(QueueStatus status) {
    SpinCounters spin = status.verdict().spin();
    // One that is over has its own, of then.
    if (spin != null && spin.indices() && spin.seen() >= status.verdict().since()) {
      return spin.usedIdx();
    }
    return status.verdict().queue() == null ? -1 : status.verdict().queue().lastUsedIdx();
  }

  private static long confirmedAt(Incident stored, long wallMillis, long now) {
    return now - nanos(Math.max(0, wallMillis - stored.first().confirmed()));
  }

  private static long nanos(long millis) {
    return Math.min(millis, LONG_AGO_MILLIS) * 1_000_000L;
  }
}
