package org.vhostwatch.systemd;

import java.time.Duration;
import java.util.Optional;

/**
 * Decides what is to be told now. What could not be delivered stays due. No clock, no I/O; owned by
 * one thread.
 */
final class Teller {

  /** A start that takes longer than this asks for more time, and again after as long. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Three times that: a host that is busy may be late with asking again. */
  private static final String MORE_TIME = "EXTEND_TIMEOUT_USEC=30000000\n";

  /** A start that is not over by then never will be; attaching gives up long before. */
  private static final Duration LONGEST_START = Duration.ofMinutes(5);

  private final Duration watchdog;
  private final long startedAt;

  private boolean readyTold;
  private String statusTold = "";
  private long aliveTold;
  private long patienceTold;

  private boolean readyDue;
  private String statusDue = "";
  private boolean aliveDue;
  private boolean patienceDue;
  private long dueAt;

  /**
   * @param watchdog zero if no sign of life is wanted
   * @param now monotonic nanoseconds
   */
  Teller(Duration watchdog, long now) {
    this.watchdog = watchdog;
    this.startedAt = now;
    this.aliveTold = now - watchdog.toNanos();
    this.patienceTold = now;
  }

  /** Returns how often {@link #due} is to be asked: in time for the watchdog. */
  Duration period() {
    Duration second = Duration.ofSeconds(1);
    Duration quarter = watchdog.dividedBy(4);
    return watchdog.isZero() || quarter.compareTo(second) > 0 ? second : quarter;
  }

  /**
   * Returns the datagram that is due, if any.
   *
   * @param ready whether the host was looked at
   * @param sinceCycle how long ago the daemon's loop last went round
   * @param status one line on how the host is
   * @param now monotonic nanoseconds
   */
  Optional<String> due(boolean ready, Duration sinceCycle, String status, long now) {
    dueAt = now;
    boolean alive = sinceCycle.compareTo(watchdog.dividedBy(2)) < 0;
    readyDue = ready && !readyTold;
    statusDue = status;
    aliveDue = alive && now - aliveTold >= watchdog.dividedBy(2).toNanos();
    patienceDue =
        !ready
            && sinceCycle.compareTo(PATIENCE) < 0
            && now - patienceTold >= PATIENCE.toNanos()
            && now - startedAt < LONGEST_START.toNanos();
    String message =
        (readyDue ? "READY=1\n" : "")
            + (status.equals(statusTold) ? "" : "STATUS=" + status + "\n")
            + (aliveDue ? "WATCHDOG=1\n" : "")
            + (patienceDue ? MORE_TIME : "");
    return message.isEmpty() ? Optional.empty() : Optional.of(message);
  }

  /** What was due has been told. */
  void delivered() {
    readyTold |= readyDue;
    statusTold = statusDue;
    aliveTold = aliveDue ? dueAt : aliveTold;
    patienceTold = patienceDue ? dueAt : patienceTold;
  }
}
