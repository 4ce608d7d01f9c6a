package org.vhostwatch.daemon;

import java.time.Duration;

/**
 * How long one run of bpftrace may take. Long enough for a host whose CPUs spin; and on one that is
 * slower still, on which bpftrace compiles a script for longer than that, the next run gets twice
 * the time: ended again and again at the same limit, it would never tell anything.
 *
 * <p>For use by several threads, of which one runs bpftrace.
 */
final class Patience {

  private static final Duration LEAST = Duration.ofSeconds(60);
  private static final Duration MOST = Duration.ofMinutes(8);

  /** A run may take so many times what the last one took. */
  private static final int SLACK = 3;

  private volatile Duration limit = LEAST;

  /** Returns how long the next run may take, 60 s to 8 minutes. */
  Duration limit() {
    return limit;
  }

  /** Notes that a run was ended at the limit. */
  void wasTooShort() {
    limit = Pause.longer(limit, MOST);
  }

  /** Notes how long a run took that was not ended. */
  void took(Duration time) {
    Duration slack = time.multipliedBy(SLACK);
    limit = slack.compareTo(LEAST) < 0 ? LEAST : slack.compareTo(MOST) > 0 ? MOST : slack;
  }
}
