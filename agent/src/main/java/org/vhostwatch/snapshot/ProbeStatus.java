package org.vhostwatch.snapshot;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.probe.ProgramRuns;

/**
 * How well the daemon sees.
 *
 * @param mode probe mode, as {@code sentinel}
 * @param bpftrace version, empty if there is none
 * @param up whether the resident bpftrace runs and answers
 * @param restarts how often it was started again
 * @param attached whether each wanted probe is attached, by name; ordered
 * @param runs how often the kernel ran each probe's program, and for how long, by name; empty when
 *     the kernel does not count (kernel.bpf_stats_enabled)
 * @param rejectedLines lines of bpftrace that could not be read
 * @param lostEvents events that bpftrace said it lost
 * @param censuses censuses taken
 * @param censusFailures censuses that failed
 * @param captures captures of evidence
 * @param lastCensusWallMillis when the last census was taken, 0 if never
 * @param troubles what keeps the daemon from seeing all, in words; empty if it sees all
 * @param idle why there is nothing to see, in words; empty if there may be something
 */
public record ProbeStatus(
    String mode,
    String bpftrace,
    boolean up,
    long restarts,
    Map<String, Boolean> attached,
    Map<String, ProgramRuns.Runs> runs,
    long rejectedLines,
    long lostEvents,
    long censuses,
    long censusFailures,
    long captures,
    long lastCensusWallMillis,
    List<String> troubles,
    Optional<String> idle) {

  public ProbeStatus {
    troubles = List.copyOf(troubles);
  }

  /** Returns whether something keeps the daemon from seeing all. */
  public boolean degraded() {
    return !troubles.isEmpty();
  }
}
