package org.vhostwatch.drill;

import java.util.Arrays;
import java.util.Locale;

/** What the guest of the drill does with its receive buffers. */
public enum Behaviour {
  /** Posts too few buffers for one super-packet and refills at the end: the bug, if it is there. */
  LIVELOCK(true),
  /** The same, but refills earlier and stays alive, well supplied, until the end. */
  REFILL_AFTER(true),
  /** Adds one buffer per 20 ms under frames of mixed sizes: short spins, but progress. */
  SLOW(false),
  /** Posts nothing (or the given number) and expects the worker to sleep: a stall on any kernel. */
  STARVED(true),
  /** Gives each buffer back at once, under traffic at full speed. */
  HEALTHY(false);

  /** The frame of the report behind CVE-2026-74356: nearly the largest that GRO builds. */
  static final int SUPER_PACKET_BYTES = 60_366;

  private static final int FULL_FRAME_BYTES = 1514;
  private static final int FEW_BUFFERS = 10;

  private final boolean starving;

  Behaviour(boolean starving) {
    this.starving = starving;
  }

  /** Returns the name as written on the command line, for example {@code refill-after}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Returns the behaviour of that name.
   *
   * @throws IllegalArgumentException if there is none; the message lists them
   */
  public static Behaviour of(String label) {
    return Arrays.stream(values())
        .filter(behaviour -> behaviour.label().equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "unknown behaviour '" + label + "', one of " + labels()));
  }

  /** Returns all names, separated by commas. */
  public static String labels() {
    return String.join(", ", Arrays.stream(values()).map(Behaviour::label).toList());
  }

  /** Returns whether one frame is left waiting for buffers on purpose. */
  public boolean starves() {
    return starving;
  }

  /** Returns the frame length in bytes when none is given. */
  public int defaultFrameBytes() {
    return this == HEALTHY ? FULL_FRAME_BYTES : SUPER_PACKET_BYTES;
  }

  /**
   * Returns the number of posted buffers when none is given.
   *
   * @param ringSize descriptors in the ring
   */
  public int defaultBuffers(int ringSize) {
    return switch (this) {
      case HEALTHY -> ringSize;
      case STARVED -> 0;
      case LIVELOCK, REFILL_AFTER, SLOW -> Math.min(FEW_BUFFERS, ringSize);
    };
  }
}
