package org.vhostwatch.daemon;

import java.time.Duration;
import java.util.List;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.probe.Mode;

/**
 * How often the loop does what it does.
 *
 * @param scan time from one look for new workers to the next
 * @param look time from one look at all to the next
 * @param cycles how many cycles it goes round in once, if nothing wakes it
 */
record Pace(Duration scan, Duration look, int cycles) {

  static final Pace ALERT = new Pace(Duration.ofSeconds(5), Duration.ZERO, 1);

  /** The sentinel tells of a spin at once, and whoever asks gets a picture of that moment. */
  static final Pace CALM = new Pace(Duration.ofSeconds(28), Duration.ofSeconds(14), 2);

  /** Without a sentinel, /proc alone tells of a worker that is busy. */
  static final Pace ON_DEMAND = new Pace(Duration.ofSeconds(30), Duration.ofSeconds(5), 1);

  /**
   * Returns that which is right now: calm if spins are seen without looking at /proc, there is
   * none, and none is written down. A stall of long ago is no reason to hurry.
   *
   * @param incident whether one is open
   * @param speaks whether the sentinel is attached and has spoken of late
   * @param away whether it is away because nothing is suspicious
   */
  static Pace of(
      Mode mode,
      List<QueueVerdict> verdicts,
      boolean incident,
      boolean speaks,
      boolean away,
      long now) {
    if (incident || !verdicts.stream().allMatch(verdict -> quiet(verdict, now))) {
      return ALERT;
    }
    if (mode == Mode.ON_DEMAND) {
      return away || speaks ? ON_DEMAND : ALERT;
    }
    return speaks ? CALM : ALERT;
  }

  private static boolean quiet(QueueVerdict verdict, long now) {
    return verdict.verdict() == Verdict.HEALTHY
        || verdict.verdict() == Verdict.BUSY
        || verdict.longStalled(now);
  }
}
