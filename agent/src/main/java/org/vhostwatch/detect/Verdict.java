package org.vhostwatch.detect;

/** What is said of one queue, from harmless to worst but for {@link #UNKNOWN}. */
public enum Verdict {
  /** Packets flow, or none wait. */
  HEALTHY,
  /** The worker is busy, with progress or for a cause that is not the livelock. */
  BUSY,
  /** Not enough could be measured to say anything else. */
  UNKNOWN,
  /** The worker spins now, or spends a good part of its time in spins that end by themselves. */
  SPINNING,
  /** A packet waits, buffers do not suffice, nothing moves, and the worker sleeps: RX is dead. */
  STALLED,
  /** The worker has spun without progress for longer than the confirm time. */
  LIVELOCKED
}
