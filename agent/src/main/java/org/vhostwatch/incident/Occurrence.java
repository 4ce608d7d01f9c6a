package org.vhostwatch.incident;

import java.util.Optional;

/**
 * One livelock of the queue; a flapping queue has several in one incident. Times are milliseconds
 * since 1970.
 *
 * @param firstSign when the spin began
 * @param confirmed when it was called a livelock
 * @param lastSeen when it was last seen to be one
 * @param ended when it was first seen to be none, 0 while it goes on
 * @param how how it ended; empty while it goes on, or until a census has told
 */
public record Occurrence(
    long firstSign, long confirmed, long lastSeen, long ended, Optional<Ending> how) {

  Occurrence seen(long wallMillis) {
    return new Occurrence(
        firstSign, confirmed, Math.max(lastSeen, wallMillis), 0, Optional.empty());
  }

  Occurrence over(long wallMillis, Optional<Ending> ending) {
    return new Occurrence(firstSign, confirmed, lastSeen, Math.max(lastSeen, wallMillis), ending);
  }
}
