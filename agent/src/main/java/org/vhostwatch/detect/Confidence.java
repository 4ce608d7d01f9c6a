package org.vhostwatch.detect;

/** How sure a verdict is. */
public enum Confidence {
  /** Little was measurable: an inference from /proc alone. */
  LOW,
  /** All that was measured agrees, but something that matters was not measurable. */
  MEDIUM,
  /** All that matters was measured, and agrees. */
  HIGH
}
