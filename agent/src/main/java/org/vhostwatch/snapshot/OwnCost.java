package org.vhostwatch.snapshot;

import org.vhostwatch.host.Switch;

/**
 * What watching costs.
 *
 * @param agent this process
 * @param children bpftrace, and what else it starts now and then
 * @param bpfStats whether the kernel counts runs of BPF programs (kernel.bpf_stats_enabled)
 * @param over whether it is over its ceiling, and probes are detached for that
 * @param hits how often it came to that since the daemon's start
 */
public record OwnCost(Usage agent, Usage children, Switch bpfStats, boolean over, long hits) {

  /** Nothing measured yet. */
  public static final OwnCost NONE = new OwnCost(Usage.NONE, Usage.NONE, Switch.UNKNOWN, false, 0);

  /**
   * What one kind of process uses.
   *
   * @param cpuNanos CPU time since the start, of those that have ended too
   * @param residentBytes resident memory of those that run; 0 if none does
   */
  public record Usage(long cpuNanos, long residentBytes) {
    static final Usage NONE = new Usage(0, 0);
  }
}
