package org.vhostwatch.daemon;

import java.util.List;
import java.util.Optional;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.ProcessUsage;
import org.vhostwatch.snapshot.OwnCost;

/** Measures what this process and its children use. */
final class CostMeter {

  private final ProcFs fs;
  private final long self;
  private OwnCost.Usage agent = OwnCost.NONE.agent();
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

  OwnCost.Usage agent() {
    return agent;
  }

  OwnCost.Usage children() {
    return new OwnCost.Usage(childrenNanos, childrenBytes);
  }
}
