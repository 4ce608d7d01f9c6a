package org.vhostwatch.detect;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.SpinCounters;

/** What the detector knows of a host. Immutable; made by {@link Detector#next}. */
public final class HostState {

  /** Nothing seen yet. */
  public static final HostState EMPTY =
      new HostState(Map.of(), Map.of(), Map.of(), false, null, null, null, 0);

  /**
   * A worker, the CPU time that it uses, and the time that it waits for a CPU.
   *
   * @param ticks clock ticks over nanoseconds
   * @param waited nanoseconds over nanoseconds, with the wait that goes on
   * @param waitsSince since when at least it has waited for the CPU that it wants now
   * @param wanted whether it ran or waited for a CPU at the last two looks
   * @param uncounted nanoseconds between those in which it is not known to have done either
   * @param busySince since when it has been busy, or would have been if it had got its CPU; {@link
   *     Long#MAX_VALUE} if it is not
   * @param ran the CPU time that it got, as far as looks tell when
   */
  record Load(
      Worker worker,
      Rate ticks,
      Rate waited,
      long waitsSince,
      boolean wanted,
      long uncounted,
      long busySince,
      Ran ran) {

    private static final double TICKS_PER_NANO = Worker.TICKS_PER_SECOND / 1e9;

    /** How much a worker waits that others keep from its CPU. */
    private static final double STARVING_SHARE = 0.2;

    /** Looks that are closer tell nothing: CPU time comes in ticks of a hundredth of a second. */
    private static final long LEAST_NANOS = 100_000_000L;

    static Load first(Worker worker, long now) {
      return new Load(
          worker,
          Rate.first(now, worker.cpuTicks()),
          Rate.first(now, worker.waitedNanos()),
          now,
          false,
          0,
          Long.MAX_VALUE,
          Ran.nothing(now));
    }

    /**
     * @param now when it began to be read
     * @param end when it had been
     */
    Load next(Worker seen, long width, long now, long end) {
      boolean wanted = wants(worker) && wants(seen);
      long since = wanted ? waitingSince(seen, now) : now;
      return new Load(
          seen,
          ticks.next(width, now, seen.cpuTicks()),
          waited.next(width, now, seen.waitedNanos() + now - since),
          since,
          wanted,
          wanted ? uncounted(seen, now) : 0,
          busySince,
          ran.next(ran(seen), now, end));
    }

    private long uncounted(Worker seen, long now) {
      long waits = Math.max(0, seen.waitedNanos() - worker.waitedNanos());
      return Math.max(0, now - ticks.at() - ran(seen) - waits);
    }

    private long ran(Worker seen) {
      return Math.round((seen.cpuTicks() - worker.cpuTicks()) / TICKS_PER_NANO);
    }

    private static boolean wants(Worker worker) {
      return worker.state() == 'R';
    }

    /**
     * Returns since when it has waited for its CPU, now if it does not. The kernel counts a wait
     * when it is over, and on a crowded host one takes seconds. A worker that wanted a CPU at both
     * looks, and for which none was counted in between, has first run and then waited.
     */
    private long waitingSince(Worker seen, long now) {
      if (seen.waitedNanos() < 0 || seen.waitedNanos() != worker.waitedNanos()) {
        return now;
      }
      if (now - ticks.at() < LEAST_NANOS) {
        return waitsOn() ? waitsSince : now;
      }
      if (seen.cpuTicks() == worker.cpuTicks()) {
        return waitsSince;
      }
      long since = ticks.at() + ran(seen);
      // What it ran is known in whole ticks.
      return now - since > STARVING_SHARE * (now - ticks.at()) ? since : now;
    }

    /**
     * Returns this load with the time since when it has been busy brought up to date: from a share
     * on, until it falls below another.
     */
    Load judged(double share, double from, double left) {
      if (isBusy() ? share < left : share >= from) {
        return new Load(
            worker,
            ticks,
            waited,
            waitsSince,
            wanted,
            uncounted,
            isBusy() ? Long.MAX_VALUE : began(share),
            ran);
      }
      return this;
    }

    /** Returns when it began at the latest, if it did nothing else from then on. */
    private long began(double share) {
      return ticks.at() - Math.round(Math.min(1, share) * (ticks.at() - ticks.baseAt()));
    }

    boolean becameBusyAfter(long time) {
      return isBusy() && busySince > time;
    }

    boolean isBusy() {
      return busySince != Long.MAX_VALUE;
    }

    /** Returns the share of a CPU that it uses, NaN before there is a second sample. */
    double share() {
      return ticks.perNano() / TICKS_PER_NANO;
    }

    /** Returns the share of the time that it wants a CPU, whether it gets one or not. */
    double wants() {
      return share() + waits();
    }

    /**
     * Returns whether others use the CPU that it wants.
     *
     * @param busy share of a CPU from which on a worker is busy
     */
    boolean sharesItsCpu(double busy) {
      return waitsOn() || (waits() >= STARVING_SHARE && wants() >= busy);
    }

    /**
     * Returns whether it may have waited for a CPU for so long that a spin seems over, although
     * little was counted: a wait counts when it is over, and where the daemon gets no CPU either,
     * its looks are seconds apart.
     */
    boolean mayWait() {
      return uncounted >= SpinCounters.END_NANOS;
    }

    /** Returns whether it wants a CPU and has waited for it since before the last look. */
    boolean waitsOn() {
      return waitsSince < ticks.at();
    }

    /** Returns the share of the time that it waits for a CPU, 0 where that is not known. */
    double waits() {
      if (waited.base() < 0 || Double.isNaN(waited.perNano())) {
        return 0;
      }
      return Math.min(1, Math.max(0, waited.perNano()));
    }
  }

  private final Map<Long, QueueTrack> queues;
  private final Map<Long, SpinCounters> ended;
  private final Map<Integer, Load> loads;
  private final boolean strangers;
  private final @Nullable Long censusedAt;
  private final @Nullable Long attachedKernelNanos;
  private final @Nullable Long framedAt;
  private final long frameKernelNanos;

  HostState(
      Map<Long, QueueTrack> queues,
      Map<Long, SpinCounters> ended,
      Map<Integer, Load> loads,
      boolean strangers,
      @Nullable Long censusedAt,
      @Nullable Long attachedKernelNanos,
      @Nullable Long framedAt,
      long frameKernelNanos) {
    this.queues = queues;
    this.ended = ended;
    this.loads = loads;
    this.strangers = strangers;
    this.censusedAt = censusedAt;
    this.attachedKernelNanos = attachedKernelNanos;
    this.framedAt = framedAt;
    this.frameKernelNanos = frameKernelNanos;
  }

  Map<Long, QueueTrack> queues() {
    return queues;
  }

  /**
   * Returns what the sentinel's maps still hold of queues that are gone, by address: whoever gets
   * the address next begins there, not at zero.
   */
  Map<Long, SpinCounters> ended() {
    return ended;
  }

  /** Returns how many queues the sentinel's maps still hold that are gone. */
  public int gone() {
    return ended.size();
  }

  /** Returns workers by thread id. */
  Map<Integer, Load> loads() {
    return loads;
  }

  /**
   * Returns whether a worker that nobody knows makes passes where a queue was that is gone: another
   * queue may have the address now, and its worker be found by looking for it.
   */
  public boolean strangers() {
    return strangers;
  }

  /** Returns when the last census was made, null before any. */
  @Nullable Long censusedAt() {
    return censusedAt;
  }

  /** Returns whether a sentinel is attached that has said something. */
  boolean attached() {
    return attachedKernelNanos != null;
  }

  /** Returns the kernel's time in the first frame of the present sentinel, null without one. */
  @Nullable Long attachedKernelNanos() {
    return attachedKernelNanos;
  }

  /** Returns when the last frame came, of this sentinel or of one that is gone; null before any. */
  @Nullable Long framedAt() {
    return framedAt;
  }

  /** Returns the kernel's time in the last frame. */
  long frameKernelNanos() {
    return frameKernelNanos;
  }

  HostState withQueues(Map<Long, QueueTrack> next) {
    return new HostState(
        next, ended, loads, strangers, censusedAt, attachedKernelNanos, framedAt, frameKernelNanos);
  }

  HostState withCensus(Map<Long, QueueTrack> next, Map<Long, SpinCounters> gone, long now) {
    return new HostState(
        next, gone, loads, strangers, now, attachedKernelNanos, framedAt, frameKernelNanos);
  }

  HostState withLoads(
      Map<Integer, Load> next, Map<Long, QueueTrack> left, Map<Long, SpinCounters> gone) {
    return new HostState(
        left, gone, next, strangers, censusedAt, attachedKernelNanos, framedAt, frameKernelNanos);
  }

  HostState withFrame(
      Map<Long, QueueTrack> next,
      Map<Long, SpinCounters> gone,
      boolean unknown,
      long now,
      long kernelNanos) {
    long first = attachedKernelNanos == null ? kernelNanos : attachedKernelNanos;
    return new HostState(next, gone, loads, unknown, censusedAt, first, now, kernelNanos);
  }

  /** The next sentinel's maps begin empty. */
  HostState withoutSentinel() {
    Map<Long, QueueTrack> left = new HashMap<>();
    queues.forEach((vq, track) -> left.put(vq, track.withoutSentinel()));
    return new HostState(
        left, Map.of(), loads, false, censusedAt, null, framedAt, frameKernelNanos);
  }
}
