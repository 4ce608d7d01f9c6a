package org.vhostwatch.detect;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.SpinCounters;

/** What the detector knows of a host. Immutable; made by {@link Detector#next}. */
public final class HostState {

  /** Nothing seen yet. */
  public static final HostState EMPTY = new HostState(Map.of(), Map.of(), Map.of(), false, null, 0);

  /**
   * A worker, the CPU time that it uses, and the time that it waits for a CPU.
   *
   * @param ticks clock ticks over nanoseconds
   * @param waited nanoseconds over nanoseconds, with the wait that goes on
   * @param waitsSince since when at least it has waited for the CPU that it wants now
   */
  record Load(Worker worker, Rate ticks, Rate waited, long waitsSince) {

    private static final double TICKS_PER_NANO = Worker.TICKS_PER_SECOND / 1e9;

    static Load first(Worker worker, long now) {
      return new Load(
          worker, Rate.first(now, worker.cpuTicks()), Rate.first(now, worker.waitedNanos()), now);
    }

    Load next(Worker seen, long width, long now) {
      // The kernel counts a wait when it is over, and on a crowded host one takes seconds.
      boolean waitsOn =
          seen.waitedNanos() >= 0
              && seen.state() == 'R'
              && worker.state() == 'R'
              && seen.cpuTicks() == worker.cpuTicks()
              && seen.waitedNanos() == worker.waitedNanos();
      long since = waitsOn ? waitsSince : now;
      return new Load(
          seen,
          ticks.next(width, now, seen.cpuTicks()),
          waited.next(width, now, seen.waitedNanos() + now - since),
          since);
    }

    /** Returns the share of a CPU that it uses, NaN before there is a second sample. */
    double share() {
      return ticks.perNano() / TICKS_PER_NANO;
    }

    /** Returns whether it wanted a CPU at the last two looks and got none in between. */
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
  private final boolean censused;
  private final @Nullable Long framedAt;
  private final long frameKernelNanos;

  HostState(
      Map<Long, QueueTrack> queues,
      Map<Long, SpinCounters> ended,
      Map<Integer, Load> loads,
      boolean censused,
      @Nullable Long framedAt,
      long frameKernelNanos) {
    this.queues = queues;
    this.ended = ended;
    this.loads = loads;
    this.censused = censused;
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

  /** Returns workers by thread id. */
  Map<Integer, Load> loads() {
    return loads;
  }

  /** Returns whether there was a census: queues that it did not list do not exist. */
  boolean censused() {
    return censused;
  }

  /** Returns when the last frame of the sentinel came, null while none is attached. */
  @Nullable Long framedAt() {
    return framedAt;
  }

  /** Returns the kernel's time in the last frame. */
  long frameKernelNanos() {
    return frameKernelNanos;
  }

  HostState withQueues(Map<Long, QueueTrack> next) {
    return new HostState(next, ended, loads, censused, framedAt, frameKernelNanos);
  }

  HostState withCensus(Map<Long, QueueTrack> next, Map<Long, SpinCounters> gone) {
    return new HostState(next, gone, loads, true, framedAt, frameKernelNanos);
  }

  HostState withLoads(
      Map<Integer, Load> next, Map<Long, QueueTrack> left, Map<Long, SpinCounters> gone) {
    return new HostState(left, gone, next, censused, framedAt, frameKernelNanos);
  }

  HostState withFrame(
      Map<Long, QueueTrack> next, Map<Long, SpinCounters> gone, long now, long kernelNanos) {
    return new HostState(next, gone, loads, censused, now, kernelNanos);
  }

  /** The next sentinel's maps begin empty. */
  HostState withoutSentinel() {
    return new HostState(queues, Map.of(), loads, censused, null, 0);
  }
}
