package org.vhostwatch.daemon;

import java.time.Duration;

/**
 * How long one run of bpftrace may take. Long enough for a host whose CPUs spin; and on one that is
 * slower still, on which bpftrace compiles a script for longer than that, the next run gets more
 * time: ended again and again at the same limit, it would never tell anything.
 *
 * <p>For use by several threads, of which one runs bpftrace.
 */
final class Patience {

  private static final Duration LEAST = Duration.ofSeconds(60);

  /** A host on which bpftrace takes longer cannot be watched. */
  static final Duration MOST = Duration.ofMinutes(3);

  /** A run may take so many times what the last one took. */
  private static final int SLACK = 3;

  private final Duration least;
  private volatile Duration limit;

  Patience() {
    this(LEAST);
  }

  /**
   * @param least what each run may take
   */
  Patience(Duration least) {
    this.least = least;
    this.limit = least;
  }

  /** Returns how long the next run may take, one minute to three. */
  Duration limit() {
    return limit;
  }

  /**
   * Notes that a run was ended at the limit. One that had the most there is hangs, as far as anyone
   * can tell, and the next one is not waited for as long.
   */
  void wasTooShort() {
    limit = limit.equals(MOST) ? least : Pause.longer(limit, MOST);
  }

  /** Notes how long a run took that did what it was for. */
  void took(Duration time) {
    Duration slack = time.multipliedBy(SLACK);
    limit = slack.compareTo(least) < 0 ? least : slack.compareTo(MOST) > 0 ? MOST : slack;
  }
}
