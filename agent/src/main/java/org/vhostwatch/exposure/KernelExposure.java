package org.vhostwatch.exposure;

import java.util.List;
import java.util.Optional;

/**
 * Whether the running kernel has the bug, and why that is said. Immutable.
 *
 * @param status what is said
 * @param reason why, in one sentence without a full stop; may hold text of foreign origin
 * @param upstream the upstream version that the kernel is made from, empty if not known
 * @param clues all that was found, strongest first
 */
public record KernelExposure(Exposure status, String reason, String upstream, List<Clue> clues) {

  /** Nothing was looked at yet. */
  public static final KernelExposure NOT_RATED =
      new KernelExposure(Exposure.UNKNOWN, "not rated yet", "", List.of());

  public KernelExposure {
    clues = List.copyOf(clues);
  }

  /** Returns what the status rests on, empty if nothing decides. */
  public Optional<Clue.Source> decidedBy() {
    return clues.stream().filter(Clue::decides).map(Clue::source).findFirst();
  }
}
