package org.vhostwatch.detect;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.Worker;

/** What the detector knows of a host. Immutable; made by {@link Detector#next}. */
public final class HostState {

  /** Nothing seen yet. */
  public static final HostState EMPTY = new HostState(Map.of(), Map.of(), false, null, 0);

  /** A worker and the CPU time that it uses, in clock ticks over nanoseconds. */
  record Load(Worker worker, Rate ticks) {}

  private final Map<Long, QueueTrack> queues;
  private final Map<Integer, Load> loads;
  private final boolean censused;
  private final @Nullable Long framedAt;
  private final long frameKernelNanos;

  HostState(
      Map<Long, QueueTrack> queues,
      Map<Integer, Load> loads,
      boolean censused,
      @Nullable Long framedAt,
      long frameKernelNanos) {
    this.queues = queues;
    this.loads = loads;
    this.censused = censused;
    this.framedAt = framedAt;
    this.frameKernelNanos = frameKernelNanos;
  }

  Map<Long, QueueTrack> queues() {
    return queues;
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
    return new HostState(next, loads, censused, framedAt, frameKernelNanos);
  }

  HostState withCensus(Map<Long, QueueTrack> next) {
    return new HostState(next, loads, true, framedAt, frameKernelNanos);
  }

  HostState withLoads(Map<Integer, Load> next, Map<Long, QueueTrack> left) {
    return new HostState(left, next, censused, framedAt, frameKernelNanos);
  }

  HostState withFrame(Map<Long, QueueTrack> next, long now, long kernelNanos) {
    return new HostState(next, loads, censused, now, kernelNanos);
  }

  HostState withoutSentinel() {
    return new HostState(queues, loads, censused, null, 0);
  }
}
