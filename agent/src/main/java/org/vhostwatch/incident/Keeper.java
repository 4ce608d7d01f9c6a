package org.vhostwatch.incident;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.vhostwatch.detect.Verdict;
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

  /** A worker that is not in /proc's list yet is younger than the last look at it. */
  private static final long STRANGER_NANOS = 10_000_000_000L;

  /** So many of the newest incidents stay in memory with all that was seen. */
  public static final int WHOLE = 32;

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
      Track track = Track.stored(incident, wallMillis, nanos);
      Optional<Track> here =
          track.is(Track.Mode.CLOSED) ? Optional.empty() : underWay(incident.queue());
      if (here.isPresent()) {
        // A livelock got a record before that of the agent before could be read: that one goes on.
        Track own = here.get().goOnWith(incident, wallMillis, now);
        tracks.add(own);
        changed(here.get(), What.CONTINUED);
        changed(own, What.ENDED);
        continue;
      }
      tracks.add(track);
      if (!track.is(Track.Mode.CLOSED) && !incident.queue().bootId().equals(bootId)) {
        close(track, wallMillis, Ending.HOST_REBOOTED);
      }
    }
    forget();
    shorten();
    return changes;
  }

  private Optional<Track> underWay(QueueIdentity queue) {
    return tracks.stream()
        .filter(track -> track.is(Track.Mode.LIVE) || track.is(Track.Mode.ENDING))
        .filter(track -> track.queue().sameObject(queue))
        .findFirst();
  }

  /** Returns the processes whose fate decides how something ended. */
  public Set<Integer> processesOfInterest() {
    Set<Integer> ids = new HashSet<>();
    for (Track track : tracks) {
      if (track.is(Track.Mode.ENDING) && track.queue().vmPid() != 0) {
        ids.add(track.queue().vmPid());
      }
    }
    return ids;
  }

  /** Returns the workers of which it matters whether they are stopped. */
  public Set<Integer> workersOfInterest() {
    Set<Integer> ids = new HashSet<>();
    for (Track track : tracks) {
      if (track.is(Track.Mode.ENDING) && track.queue().workerTid() != 0) {
        ids.add(track.queue().workerTid());
      }
    }
    return ids;
  }

  /** Returns whether a census would settle something. */
  public boolean wantsCensus() {
    return tracks.stream().anyMatch(track -> track.is(Track.Mode.ENDING));
  }

  /** Returns whether only a sentinel tells if one that was taken over goes on. */
  public boolean wantsSentinel() {
    return tracks.stream().anyMatch(track -> track.is(Track.Mode.RESUMING));
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
      QueueStatus status = seen.get(track.queue().vq());
      boolean livelocked =
          status != null && status.verdict().verdict() == Verdict.LIVELOCKED && same(track, status);
      if (livelocked) {
        continue;
      }
      switch (track.mode()) {
        case LIVE -> track.silent(status != null && same(track, status) ? status : null, scene);
        case ENDING ->
            track
                .ending(scene, limits.patience())
                .ifPresent(how -> close(track, scene.wallMillis(), how));
        case RESUMING -> {
          if (track.isOverBy(status, scene, limits.confirm())) {
            close(track, scene.wallMillis(), Ending.AGENT_STOPPED);
          }
        }
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
      if (track.is(Track.Mode.LIVE)) {
        track.lookDue(nanos).ifPresent(when -> due.put(track.queue().vq(), when));
      }
    }
    return due;
  }

  /** Adds a look to the queue's incident; returns it, empty if no look of that queue is due. */
  public Optional<Incident> look(long vq, Look look) {
    for (Track track : tracks) {
      if (track.is(Track.Mode.LIVE) && track.queue().vq() == vq && track.add(look)) {
        return Optional.of(track.incident());
      }
    }
    return Optional.empty();
  }

  /** Replaces an incident's log or note on its recording; what it says else is not taken over. */
  public void amend(String id, List<String> log, boolean recorded) {
    for (Track track : tracks) {
      if (track.incident().id().equals(id)) {
        track.amend(log, recorded);
      }
    }
  }

  /** Keeps the newest incidents whole, and of older ones that are over only what a list shows. */
  private void shorten() {
    List<Incident> newest = all();
    Set<String> whole = new HashSet<>();
    newest.stream().limit(WHOLE).forEach(incident -> whole.add(incident.id()));
    for (Track track : tracks) {
      boolean settled =
          track.is(Track.Mode.CLOSED) && now - track.endedAt() > limits.flap().toNanos();
      if (settled && !whole.contains(track.incident().id())) {
        track.shorten();
      }
    }
  }

  /** Ends the watch, in order: what goes on is marked as interrupted. */
  public List<Change> stop(long wallMillis) {
    changes = new ArrayList<>();
    for (Track track : tracks) {
      if (track.is(Track.Mode.LIVE) || track.is(Track.Mode.ENDING)) {
        track.interrupt(wallMillis);
        changed(track, What.UPDATED);
      }
    }
    return changes;
  }

  /** Returns all incidents, newest first. */
  public List<Incident> all() {
    return tracks.stream()
        .map(Track::incident)
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
    return (int) tracks.stream().filter(track -> !track.is(Track.Mode.CLOSED)).count();
  }

  private boolean same(Track track, QueueStatus status) {
    return track.queue().sameObject(QueueIdentity.of(bootId, status));
  }

  private void livelocked(QueueStatus status, Scene scene) {
    QueueIdentity queue = QueueIdentity.of(bootId, status);
    for (Track track : tracks) {
      if (!track.is(Track.Mode.CLOSED) && track.queue().sameObject(queue)) {
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
                    track.is(Track.Mode.CLOSED)
                        && now - track.endedAt() <= limits.flap().toNanos()
                        && (track.queue().sameName(queue) || track.queue().sameObject(queue)))
            .max(Comparator.comparingLong(Track::endedAt));
    // A VMM that gives its queue a new object (a reset, a migration of the tap) while the end of
    // the old one is not settled: the same incident too.
    Optional<Track> moved =
        tracks.stream()
            .filter(
                track ->
                    (track.is(Track.Mode.ENDING) || track.is(Track.Mode.RESUMING))
                        && track.queue().sameName(queue))
            .findFirst();
    if (moved.isPresent()) {
      Track track = moved.get();
      close(
          track,
          scene.wallMillis(),
          track.is(Track.Mode.ENDING) ? Ending.DEVICE_CLOSED : Ending.AGENT_STOPPED);
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
    if (track.hasMovedOn(status)) {
      close(track, scene.wallMillis(), Ending.REFILLED);
      again(track, status, queue, scene);
      return;
    }
    boolean resumed = track.is(Track.Mode.RESUMING);
    if (track.goesOn(status, queue, scene)) {
      changed(track, resumed ? What.CONTINUED : What.UPDATED);
    }
  }

  private void again(Track track, QueueStatus status, QueueIdentity queue, Scene scene) {
    // The change to closed, if it came in this very moment, is not worth a word of its own.
    changes.removeIf(change -> change.incident().id().equals(track.incident().id()));
    track.again(status, queue, scene);
    changed(track, What.REOPENED);
  }

  private void open(QueueStatus status, QueueIdentity queue, Scene scene) {
    Occurrence first = Track.begins(status, scene, 0);
    Incident incident =
        new Incident(
            IncidentId.of(queue, first, ids()),
            Incident.State.OPEN,
            queue,
            scene.kernel(),
            scene.bpftrace(),
            agent,
            Track.confidence(status),
            1,
            List.of(first),
            List.of(),
            List.of(),
            List.of(),
            false);
    Track track = Track.begun(incident, status, scene);
    tracks.add(track);
    opened++;
    changed(track, What.OPENED);
    forget();
  }

  private void close(Track track, long wallMillis, Ending how) {
    track.close(wallMillis, how, now);
    changed(track, What.ENDED);
  }

  private void changed(Track track, What what) {
    track.written(now);
    changes.add(new Change(track.incident(), what));
  }

  /** Drops the oldest closed incidents beyond the limit. */
  private void forget() {
    while (tracks.size() > limits.retained()) {
      Optional<Track> oldest =
          tracks.stream()
              .filter(track -> track.is(Track.Mode.CLOSED))
              .min(Comparator.comparingLong(track -> track.incident().ended()));
      if (oldest.isEmpty()) {
        return;
      }
      tracks.remove(oldest.get());
    }
  }

  private Set<String> ids() {
    Set<String> ids = new HashSet<>();
    tracks.forEach(track -> ids.add(track.incident().id()));
    return ids;
  }
}
