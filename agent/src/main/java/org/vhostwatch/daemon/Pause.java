package org.vhostwatch.daemon;

import java.time.Duration;

/** Pauses that grow while what they follow keeps going wrong. */
final class Pause {

  private Pause() {}

  /** Returns twice the pause, or the longest one if that is shorter. */
  static Duration longer(Duration pause, Duration longest) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(longest) > 0 ? longest : twice;
  }
}
