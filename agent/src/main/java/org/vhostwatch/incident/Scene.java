package org.vhostwatch.incident;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.snapshot.QueueStatus;

/**
 * What the keeper is shown each cycle.
 *
 * @param wallMillis now, milliseconds since 1970
 * @param nanos now, CLOCK_MONOTONIC nanoseconds
 * @param kernel release
 * @param bpftrace version, empty if there is none
 * @param queues all queues with their verdicts
 * @param workers all workers that live
 * @param stopped workers that are stopped or frozen, among those that were asked for
 * @param processes start of each process that was asked for and lives, by id
 * @param census the last census, if one was taken
 * @param attachedAt since when the sentinel is attached, CLOCK_MONOTONIC nanoseconds, 0 if it is
 *     not
 */
public record Scene(
    long wallMillis,
    long nanos,
    String kernel,
    String bpftrace,
    List<QueueStatus> queues,
    Set<WorkerId> workers,
    Set<Integer> stopped,
    Map<Integer, Long> processes,
    Optional<Seen> census,
    long attachedAt) {

  /**
   * A census.
   *
   * @param begun when it began, CLOCK_MONOTONIC nanoseconds
   * @param ended when it ended
   * @param queues what it found, by address
   */
  public record Seen(long begun, long ended, Map<Long, CensusQueue> queues) {}
}
