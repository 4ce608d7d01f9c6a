package org.vhostwatch.drill;

/** What the drill found of this kernel. */
public enum DrillResult {
  /** The worker burnt CPU while the used index stood still: the kernel has the bug. */
  SPUN,
  /** A frame waited for buffers and the worker slept: the bug is fixed, or cannot show. */
  SLEPT,
  /** The used index moved, as it should with a slow or a healthy guest. */
  PROGRESSED,
  /** None of these can be said; the sentence has the reason. */
  INCONCLUSIVE
}
