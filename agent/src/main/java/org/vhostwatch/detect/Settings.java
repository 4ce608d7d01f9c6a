package org.vhostwatch.detect;

import java.time.Duration;

/**
 * The detector's limits.
 *
 * @param confirm how long a spin must last to be a livelock, and a stall to be a stall
 * @param minPassesPerSecond fewer passes are retries, not a spin
 * @param busyShare share of one CPU from which a worker is busy, 0 to 1
 * @param censusAge how long a census tells of a queue
 * @param fixedKernel whether the running kernel is known not to have the bug: what looks like a
 *     livelock there is a guest that kicks, unless a capture shows the bug
 */
public record Settings(
    Duration confirm,
    double minPassesPerSecond,
    double busyShare,
    Duration censusAge,
    boolean fixedKernel) {

  /** A worker that wants more than this share of a CPU does not sleep, whatever it does. */
  public static final double SLEEP_SHARE = 0.05;

  /**
   * Confirm after 3 s of at least 100 passes a second; busy from half a CPU on; a census, which is
   * made each minute, tells for five.
   */
  public static final Settings DEFAULT =
      new Settings(Duration.ofSeconds(3), 100, 0.5, Duration.ofMinutes(5), false);

  public Settings {
    if (confirm.isNegative() || confirm.isZero()) {
      throw new IllegalArgumentException("confirm time must be positive, not " + confirm);
    }
    if (!(minPassesPerSecond > 0)) {
      throw new IllegalArgumentException("passes a second must be positive: " + minPassesPerSecond);
    }
    if (!(busyShare > 0 && busyShare <= 1)) {
      throw new IllegalArgumentException("busy share must be in (0, 1]: " + busyShare);
    }
  }

  /**
   * Returns these with another confirm time, for censuses made at least so often.
   *
   * @param censusPeriod time from one census to the next
   */
  public Settings with(Duration newConfirm, Duration censusPeriod) {
    Duration three = censusPeriod.multipliedBy(3);
    return new Settings(
        newConfirm,
        minPassesPerSecond,
        busyShare,
        three.compareTo(censusAge) > 0 ? three : censusAge,
        fixedKernel);
  }

  /** Returns these for a kernel of which that is known, or not. */
  public Settings onKernel(boolean fixed) {
    return new Settings(confirm, minPassesPerSecond, busyShare, censusAge, fixed);
  }

  long confirmNanos() {
    return confirm.toNanos();
  }
}
