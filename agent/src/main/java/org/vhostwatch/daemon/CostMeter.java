package org.vhostwatch.daemon;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.ProcessUsage;
import org.vhostwatch.host.Tasks;
import org.vhostwatch.snapshot.OwnCost;

/** Measures what this process and its children use. */
final class CostMeter {

  /** Threads that answer clients: {@code RequestThreads}, and the one of the JDK's server. */
  private static final Pattern ANSWERING = Pattern.compile("http-.*|HTTP-Dispatcher");

  private final ProcFs fs;
  private final long self;
  private OwnCost.Usage agent = OwnCost.NONE.agent();
  private Map<Integer, Long> answering = Map.of();
  private long answeredNanos;
  private long childrenNanos;
  private long childrenBytes;

  /**
   * @param self this process
   */
  CostMeter(ProcFs fs, long self) {
    this.fs = fs;
    this.self = self;
  }

  /**
   * Measures now.
   *
   * @param running the children that run; one that has ended meanwhile, and whose id another
   *     process got, does not count
   */
  void measure(List<Long> running) {
    // In this order: a child that ends in between is missed once, and never counted twice.
    Optional<ProcessUsage> own = ProcessUsage.read(fs, self);
    if (own.isEmpty()) {
      return;
    }
    answered(Tasks.cpuNanos(fs, self, ANSWERING.asMatchPredicate()));
    agent = new OwnCost.Usage(own.get().cpuNanos(), own.get().residentBytes());
    long nanos = own.get().endedChildrenNanos();
    long bytes = 0;
    for (long pid : running) {
      Optional<ProcessUsage> child =
          ProcessUsage.read(fs, pid).filter(usage -> usage.parent() == self);
      if (child.isPresent()) {
        nanos += child.get().cpuNanos() + child.get().endedChildrenNanos();
        bytes += child.get().residentBytes();
      }
    }
    childrenNanos = Math.max(childrenNanos, nanos);
    childrenBytes = bytes;
  }

  private void answered(Map<Integer, Long> now) {
    now.forEach(
        (tid, nanos) -> {
          long before = answering.getOrDefault(tid, 0L);
          // The id may be another thread's by now.
          answeredNanos += nanos >= before ? nanos - before : nanos;
        });
    answering = now;
  }

  /**
   * Returns the part of the agent's CPU time that went into answers to clients, but for what
   * threads used that have ended since the measurement before: how much that is, clients decide.
   */
  long answeredNanos() {
    return answeredNanos;
  }

  OwnCost.Usage agent() {
    return agent;
  }

  OwnCost.Usage children() {
    return new OwnCost.Usage(childrenNanos, childrenBytes);
  }
}
