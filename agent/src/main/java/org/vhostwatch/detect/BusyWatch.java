package org.vhostwatch.detect;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.WorkerStacks;

/**
 * Finds workers that use a CPU while nothing accounts for it: spins that the sentinel does not see,
 * because they have another cause, or because the worker is one of vhost_vsock or vhost_scsi.
 *
 * <p>A worker is unexplained when it has used nine tenths of a CPU, or would have if it had got it,
 * for a given time, none of its vhost_net queues was livelocked or spinning meanwhile, and no index
 * of them moved from one census to another that is at least that time later. The second census is
 * the proof: without censuses nothing is said, because a healthy worker at full speed looks the
 * same in /proc. Of a worker that no census lists no index can move: it serves no vhost_net queue,
 * and what else it does is not read.
 *
 * <p>Knows no clock: times are arguments, in monotonic nanoseconds. Not for use by several threads.
 */
public final class BusyWatch {

  private static final double BUSY_SHARE = 0.9;

  /** Lower than where it begins: one look at a crowded host must not end it. */
  private static final double LEFT_SHARE = 0.7;

  private static final long WINDOW_NANOS = 10_000_000_000L;

  private final long least;
  private @Nullable Long countedAt;
  private final Map<Integer, Track> tracks = new HashMap<>();

  /**
   * @param least how long it must have gone on
   */
  public BusyWatch(Duration least) {
    if (least.isNegative() || least.isZero()) {
      throw new IllegalArgumentException("the time must be positive, not " + least);
    }
    this.least = least.toNanos();
  }

  /** What is known of one worker. */
  private static final class Track {
    HostState.Load load;

    /** When one of its queues was last said to spin. */
    long accountedAt = Long.MIN_VALUE;

    /** The first and the last of the censuses that agree on its indices; null before one. */
    @Nullable Long stillSince;

    long stillAt;

    /** Whether the last census lacked one of its queues. */
    boolean lacked;

    Map<Long, Integer> indices = Map.of();
    long busyloopMicros;
    List<Evidence.Stack> stacks = List.of();

    Track(HostState.Load load) {
      this.load = load;
    }

    /** Returns since when it is busy without a known cause; null if it is not. */
    @Nullable Long from() {
      if (!load.isBusy()) {
        return null;
      }
      long from = Math.max(load.busySince(), accountedAt);
      return stillSince == null ? Long.valueOf(from) : Long.valueOf(Math.max(from, stillSince));
    }

    /** Takes what a census said of it. */
    void counted(List<CensusQueue> queues, long now) {
      Map<Long, Integer> seen = new HashMap<>();
      long polling = 0;
      for (CensusQueue queue : queues) {
        seen.put(queue.vq(), queue.lastUsedIdx() << 16 | queue.txLastAvailIdx());
        polling = Math.max(polling, queue.busyloopMicros());
      }
      // A census may miss a queue; what is new has not stood still.
      boolean lacks = !seen.keySet().containsAll(indices.keySet());
      if (lacks && !lacked) {
        lacked = true;
        return;
      }
      lacked = false;
      if (stillSince == null || !seen.equals(indices)) {
        stillSince = now;
      }
      stillAt = now;
      indices = seen;
      busyloopMicros = polling;
    }
  }

  /**
   * Takes a look at all workers.
   *
   * @param verdicts what is said of the queues now
   */
  public void look(List<Worker> workers, List<QueueVerdict> verdicts, long now) {
    Set<Integer> seen = new HashSet<>();
    for (Worker worker : workers) {
      seen.add(worker.tid());
      Track track = tracks.get(worker.tid());
      if (track == null || !track.load.worker().id().equals(worker.id())) {
        tracks.put(worker.tid(), new Track(HostState.Load.first(worker, now)));
        continue;
      }
      HostState.Load load = track.load.next(worker, WINDOW_NANOS, now, now);
      track.load = load.judged(load.waitsOn() ? 1 : load.wants(), BUSY_SHARE, LEFT_SHARE);
      if (!track.load.isBusy()) {
        track.stacks = List.of();
      }
    }
    tracks.keySet().retainAll(seen);
    for (QueueVerdict verdict : verdicts) {
      Track track = tracks.get(verdict.tid());
      if (track != null && accounts(verdict)) {
        track.accountedAt = now;
      }
    }
  }

  private static boolean accounts(QueueVerdict verdict) {
    return verdict.verdict() == Verdict.LIVELOCKED || verdict.verdict() == Verdict.SPINNING;
  }

  /** Takes a census, of all queues of the host. */
  public void census(List<CensusQueue> queues, long now) {
    countedAt = now;
    Map<Integer, List<CensusQueue>> byWorker = new HashMap<>();
    Map<Integer, List<CensusQueue>> unserved = new HashMap<>();
    for (CensusQueue queue : queues) {
      (queue.workerTid() != 0 ? byWorker : unserved)
          .computeIfAbsent(
              queue.workerTid() != 0 ? queue.workerTid() : queue.process(),
              absent -> new ArrayList<>())
          .add(queue);
    }
    tracks.forEach(
        (tid, track) -> {
          List<CensusQueue> own = new ArrayList<>(byWorker.getOrDefault(tid, List.of()));
          // Where the worker of a queue cannot be read it may be any of its process.
          own.addAll(unserved.getOrDefault(process(track.load.worker()), List.of()));
          track.counted(own, now);
        });
  }

  private static int process(Worker worker) {
    return worker.kind() == Worker.Kind.VMM_THREAD
        ? worker.tgid()
        : worker.ownerTid().orElse(worker.tid());
  }

  /** Takes where captured workers were. */
  public void captured(List<WorkerStacks> workers) {
    for (WorkerStacks seen : workers) {
      Track track = tracks.get(seen.tid());
      if (track != null && track.load.isBusy()) {
        track.stacks = seen.stacks();
      }
    }
  }

  /** Returns workers that are busy now, whatever with. */
  public Set<Integer> busy() {
    Set<Integer> busy = new HashSet<>();
    tracks.forEach(
        (tid, track) -> {
          if (track.load.isBusy()) {
            busy.add(tid);
          }
        });
    return busy;
  }

  /**
   * Returns whether a census now would tell more of a busy worker: half-way, from where on nothing
   * moves, and in the end, whether that is so still. However many workers come and go, half-way
   * there are no more than three in the time; and those in the end are for workers of which the
   * last census did not see anything move.
   */
  public boolean wantsCensus(long now) {
    boolean recent = countedAt != null && now - countedAt < least / 3;
    for (Track track : tracks.values()) {
      Long from = track.from();
      if (from == null) {
        continue;
      }
      boolean none = track.stillSince == null || track.stillAt < from;
      boolean proves = !proven(track, from) && now - from >= least;
      if (proves || (none && !recent && now - from >= least / 2)) {
        return true;
      }
    }
    return false;
  }

  private boolean proven(Track track, long from) {
    return track.stillSince != null && track.stillAt - from >= least;
  }

  /**
   * Returns the workers that nothing accounts for, those first that have been so for longest.
   *
   * @param verdicts what is said of the queues now: a spin may have become known since the last
   *     look
   */
  public List<UnexplainedWorker> unexplained(List<QueueVerdict> verdicts) {
    Set<Integer> spinning = new HashSet<>();
    verdicts.stream().filter(BusyWatch::accounts).forEach(is -> spinning.add(is.tid()));
    List<UnexplainedWorker> all = new ArrayList<>();
    for (Track track : tracks.values()) {
      Long from = track.from();
      if (from != null && proven(track, from) && !spinning.contains(track.load.worker().tid())) {
        all.add(
            new UnexplainedWorker(
                track.load.worker(),
                from,
                track.stillAt,
                track.load.share(),
                track.load.waits(),
                track.indices.size(),
                track.busyloopMicros,
                track.stacks));
      }
    }
    all.sort(
        Comparator.comparingLong(UnexplainedWorker::since)
            .thenComparingInt(unexplained -> unexplained.worker().tid()));
    return all;
  }
}
