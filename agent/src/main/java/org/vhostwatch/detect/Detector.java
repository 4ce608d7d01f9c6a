package org.vhostwatch.detect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.SentinelFrame;
import org.vhostwatch.probe.SpinCounters;

/**
 * Tells livelocks from what only looks like them. A pure function: {@link #next} folds one
 * observation into the state, {@link #judge} says what the state means at a time. Times are
 * CLOCK_MONOTONIC nanoseconds ({@link System#nanoTime()} on Linux), the base that kernel time
 * stamps have too.
 */
public final class Detector {

  private static final long CPU_WINDOW_NANOS = 2_000_000_000L;

  private static final long LATELY_NANOS = 30_000_000_000L;

  /** What no sentinel saw for longer is another spin, even if nothing has moved. */
  private static final long RESTART_NANOS = 180_000_000_000L;

  /** A frame is made before it is read; what was read a moment before may be the time here. */
  private static final long AHEAD_NANOS = 1_000_000_000L;

  /** A share that is somewhat lower for a moment is no end of being busy. */
  private static final double LEFT = 0.7;

  private final Settings settings;
  private final Judge judge;

  public Detector(Settings settings) {
    this.settings = settings;
    this.judge = new Judge(settings);
  }

  /** Returns the state after an observation made at {@code now}. */
  public HostState next(HostState state, Observation observation, long now) {
    if (observation instanceof Observation.Workers seen) {
      return workers(state, seen.workers(), seen.readBy(), now);
    }
    if (observation instanceof Observation.Queues seen) {
      return census(state, seen.census().queues(), Math.min(seen.readAt(), now), now);
    }
    if (observation instanceof Observation.Spins seen) {
      // A script that has slept with the host is ahead of the clock until it is started anew.
      if (seen.frame().kernelNanos() - now > AHEAD_NANOS) {
        return state;
      }
      return told(frame(state, seen.frame().queues(), seen.frame().kernelNanos(), now), now);
    }
    if (observation instanceof Observation.Capture seen) {
      Map<Long, QueueTrack> queues = new HashMap<>(state.queues());
      for (Evidence evidence : seen.evidence()) {
        // Of one that has gone with its worker meanwhile there is nothing to say.
        if (!queues.containsKey(evidence.vq()) && !state.loads().containsKey(evidence.tid())) {
          continue;
        }
        // Another has its address now.
        QueueTrack known = queues.get(evidence.vq());
        if (known != null && known.worker() != 0 && known.worker() != evidence.tid()) {
          continue;
        }
        queues.merge(
            evidence.vq(),
            QueueTrack.of(evidence.vq()).with(evidence),
            (old, fresh) -> old.with(evidence));
      }
      return state.withQueues(queues);
    }
    return state.withoutSentinel();
  }

  /**
   * Returns whether a frame may change a verdict: a spin goes on that is no retry, or retries have
   * taken much of the time since the last frame.
   */
  public boolean notable(HostState state, SentinelFrame frame) {
    return frame.queues().stream()
        .filter(queue -> queue.goesOn(frame.kernelNanos()))
        .anyMatch(
            queue -> {
              QueueTrack known = state.queues().get(queue.vq());
              long before =
                  known == null || known.spin() == null ? 0 : known.spin().latest().spunNanos();
              return queue.episodeNanos() >= Facts.NOTABLE_NANOS
                  || queue.spunNanos() - before >= Facts.NOTABLE_NANOS / 2
                  || queue.spunNanos() < before;
            });
  }

  /**
   * Returns a verdict for each queue, and for each worker whose queues are not known when nothing
   * could read them; worst first, then by thread id.
   */
  public List<QueueVerdict> judge(HostState state, long now) {
    List<QueueVerdict> verdicts = new ArrayList<>();
    Map<Integer, Boolean> served = new HashMap<>();
    for (QueueTrack track : state.queues().values()) {
      verdicts.add(judge.queue(track, state, now));
      served.put(track.worker(), true);
    }
    if (!censused(state, now)) {
      for (HostState.Load load : state.loads().values()) {
        if (!served.containsKey(load.worker().tid())) {
          verdicts.add(judge.worker(load));
        }
      }
    }
    verdicts.sort(
        Comparator.comparing(QueueVerdict::verdict)
            .reversed()
            .thenComparingInt(QueueVerdict::tid)
            .thenComparingLong(QueueVerdict::vq));
    return verdicts;
  }

  /** Returns whether queues that no census lists do not exist, rather than are not known. */
  private boolean censused(HostState state, long now) {
    return state.censusedAt() != null
        && (Facts.speaks(state, now) || now - state.censusedAt() <= settings.censusAge().toNanos());
  }

  private HostState workers(HostState state, List<Worker> workers, long readBy, long now) {
    Map<Integer, HostState.Load> loads = new HashMap<>();
    for (Worker worker : workers) {
      HostState.Load old = state.loads().get(worker.tid());
      loads.put(
          worker.tid(),
          old != null && old.worker().startTicks() == worker.startTicks()
              ? judged(old.next(worker, CPU_WINDOW_NANOS, now, readBy))
              : HostState.Load.first(worker, now));
    }
    // A queue ends with its worker. One whose worker was never seen is new, not gone.
    Map<Long, QueueTrack> left = new HashMap<>(state.queues());
    Map<Long, SpinCounters> ended = new HashMap<>(state.ended());
    for (QueueTrack track : state.queues().values()) {
      HostState.Load before = state.loads().get(track.worker());
      HostState.Load after = loads.get(track.worker());
      if (before != null && (after == null || !after.worker().id().equals(before.worker().id()))) {
        left.remove(track.vq());
        end(track, ended);
      }
    }
    return told(state.withLoads(loads, left, ended), now);
  }

  /**
   * Notes of each queue that stands still whether the sentinel has told by its last frame that it
   * does not spin. At each frame, as looks may be far apart; and at each look, for it takes what
   * the workers did until now.
   */
  private HostState told(HostState state, long now) {
    Map<Long, QueueTrack> told = new HashMap<>();
    for (QueueTrack track : state.queues().values()) {
      if (track.standsStill()
          && new Facts(track, state, state.loads().get(track.worker()), settings, now)
              .tellsStill()) {
        told.put(track.vq(), track.told(state.frameKernelNanos()));
      }
    }
    if (told.isEmpty()) {
      return state;
    }
    Map<Long, QueueTrack> queues = new HashMap<>(state.queues());
    queues.putAll(told);
    return state.withQueues(queues);
  }

  private HostState.Load judged(HostState.Load load) {
    return load.judged(load.wants(), settings.busyShare(), LEFT * settings.busyShare());
  }

  private static void end(QueueTrack track, Map<Long, SpinCounters> ended) {
    if (track.spin() != null) {
      ended.put(track.vq(), track.spin().latest());
    }
  }

  private static HostState census(HostState state, List<CensusQueue> seen, long readAt, long now) {
    Map<Long, QueueTrack> queues = new HashMap<>();
    Map<Long, SpinCounters> ended = new HashMap<>(state.ended());
    for (CensusQueue queue : seen) {
      QueueTrack old = state.queues().get(queue.vq());
      QueueTrack track = old;
      if (track != null && !sameOwner(track, queue)) {
        end(track, ended);
        track = null;
      }
      queues.put(
          queue.vq(),
          track == null
              ? QueueTrack.of(queue.vq()).with(queue, readAt)
              : track.with(withKnownPort(queue, track.census()), readAt));
    }
    // The census walks file tables and reads memory while they change: it may miss a queue, and one
    // that spun just now may be younger than it. If a queue is gone, so is its worker, and that
    // ends it.
    for (QueueTrack old : state.queues().values()) {
      if (!queues.containsKey(old.vq())) {
        boolean once = !old.missed() && state.loads().containsKey(old.worker());
        if (spunLately(old, now) || once) {
          queues.put(old.vq(), old.asMissed());
        } else {
          end(old, ended);
        }
      }
    }
    return state.withCensus(queues, ended, now);
  }

  /**
   * A queue without a backend is one for a moment, as its guest reboots: its tap is guessed then,
   * and what the kernel said of it before is better, but for names, which change.
   */
  private static CensusQueue withKnownPort(CensusQueue queue, @Nullable Stillness before) {
    TapPort guessed = queue.port();
    if (before == null
        || queue.backend() != CensusQueue.Backend.NONE
        || before.latest().fd() != queue.fd()
        || !before.latest().port().exact()) {
      return queue;
    }
    TapPort known = before.latest().port();
    boolean same = guessed.ifindex() == known.ifindex() && guessed.netns() == known.netns();
    return queue.with(same ? known.named(guessed.name(), guessed.master()) : known);
  }

  private static boolean spunLately(QueueTrack track, long now) {
    return track.spin() != null && now - track.spin().latest().seen() <= LATELY_NANOS;
  }

  /** A freed queue's address is soon given to the next one: counters must not follow it there. */
  private static boolean sameOwner(QueueTrack old, CensusQueue queue) {
    if (old.census() == null) {
      return old.worker() == queue.workerTid() || queue.workerTid() == 0;
    }
    CensusQueue before = old.census().latest();
    return before.process() == queue.process() && before.workerTid() == queue.workerTid();
  }

  private HostState frame(HostState state, List<SpinCounters> seen, long kernelNanos, long now) {
    Map<Long, QueueTrack> queues = new HashMap<>(state.queues());
    Map<Long, SpinCounters> ended = new HashMap<>(state.ended());
    boolean strangers = false;
    for (SpinCounters counters : seen) {
      SpinCounters before = ended.get(counters.vq());
      if (before != null && counters.passes() < before.passes()) {
        before = null;
        ended.remove(counters.vq());
      }
      QueueTrack old = queues.get(counters.vq());
      if (before != null && ofTheEnded(counters, before, old, state)) {
        strangers |=
            counters.passes() != before.passes() && !state.loads().containsKey(counters.tid());
        ended.put(counters.vq(), counters);
        continue;
      }
      // A queue that is not known to spin yet begins with a living spin.
      boolean living = counters.goesOn(kernelNanos);
      if (living || (old != null && old.spin() != null)) {
        QueueTrack next =
            (old == null ? QueueTrack.of(counters.vq()) : old).with(counters, before, kernelNanos);
        SpinTrack earlier = old == null ? null : old.spin();
        queues.put(
            counters.vq(),
            earlier != null && living && goesOn(earlier, counters, state)
                ? next.goingOn(earlier)
                : next);
        ended.remove(counters.vq());
      }
    }
    return state.withFrame(queues, ended, strangers, now, kernelNanos);
  }

  /**
   * Returns whether an episode that begins is the spin of the last one: a new sentinel sees it, or
   * the worker got no CPU for so long that the script took the next pass for the first of another.
   * The same worker has moved nothing since, and is not one that sleeps between the kicks of a
   * guest.
   */
  private boolean goesOn(SpinTrack earlier, SpinCounters seen, HostState state) {
    SpinCounters last = earlier.latest();
    HostState.Load load = state.loads().get(seen.tid());
    if (load == null
        || load.wants() < settings.busyShare()
        || !last.indices()
        || !seen.indices()
        || seen.tid() != last.tid()
        || seen.usedIdx() != last.usedIdx()) {
      return false;
    }
    return earlier.detached()
        ? last.goesOn(state.frameKernelNanos()) && seen.seen() - last.seen() <= RESTART_NANOS
        : seen.start() > last.seen()
            && seen.start() - last.seen() <= Facts.STARVING_NANOS
            && earlier.rateAtPass() >= settings.minPassesPerSecond()
            && load.sharesItsCpu(settings.busyShare());
  }

  /** Returns whether counters are still those of a queue that is gone, or of its last moments. */
  private static boolean ofTheEnded(
      SpinCounters counters, SpinCounters before, @Nullable QueueTrack now, HostState state) {
    if (counters.passes() == before.passes()) {
      return true;
    }
    int worker = now == null || now.census() == null ? 0 : now.census().latest().workerTid();
    return worker != 0 ? counters.tid() != worker : !state.loads().containsKey(counters.tid());
  }
}
