package org.vhostwatch.snapshot;

import java.util.List;

/**
 * The incidents in numbers, and the latest of them.
 *
 * @param opened incidents since the daemon's start
 * @param open those that go on
 * @param writeFailures writes that failed since the daemon's start
 * @param recent the newest, newest first
 */
public record IncidentTotals(long opened, int open, long writeFailures, List<Row> recent) {

  /** No incident. */
  public static final IncidentTotals NONE = new IncidentTotals(0, 0, 0, List.of());

  public IncidentTotals {
    recent = List.copyOf(recent);
  }

  /**
   * An incident.
   *
   * @param id its name
   * @param firstSign when the spin began, milliseconds since 1970
   * @param ended when it ended, 0 while it goes on
   * @param how how it ended, in one word; empty while it goes on
   * @param count livelocks in it
   * @param vm name of the VM; hostile text
   * @param tap name of the tap, empty if not known; hostile text
   * @param queue index of the queue pair, -1 if not known
   */
  public record Row(
      String id,
      long firstSign,
      long ended,
      String how,
      int count,
      String vm,
      String tap,
      int queue) {}
}
