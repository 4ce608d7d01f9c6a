package org.vhostwatch.daemon;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.vhostwatch.mitigate.TapResult;
import org.vhostwatch.mitigate.TapResult.Outcome;
import org.vhostwatch.mitigate.Target;

/**
 * Which taps have their turn to be mitigated: each when it is seen, and once its guest's driver is
 * up, for which its VMM requests offloads anew; until it is handled, or has failed too often. Those
 * that have failed come after the others, those of guests that receive before the rest. Not
 * thread-safe.
 */
final class MitigationTurns {
  static final int MAX_TRIES = 3;

  private final Set<Turn> handled = new HashSet<>();
  private final Map<Turn, Integer> failures = new HashMap<>();

  /** What a census knows a tap by, and whether its guest's driver is up. */
  private record Turn(long netns, int ifindex, String name, boolean attached) {
    static Turn of(Target target) {
      return new Turn(target.netns(), target.ifindex(), target.name(), target.attached());
    }

    /** Returns the one that the guest's driver brings. */
    Turn withDriver() {
      return new Turn(netns, ifindex, name, true);
    }
  }

  /**
   * Forgets all taps but these, since a tap that comes again is another one; and of what is not
   * attached that it was: a driver that starts anew is another one too.
   */
  void present(List<Target> taps) {
    Set<Turn> present = taps.stream().map(Turn::of).collect(Collectors.toSet());
    Predicate<Turn> over = turn -> !present.contains(turn) && !present.contains(turn.withDriver());
    handled.removeIf(over);
    failures.keySet().removeIf(over);
  }

  /** Returns those of the taps that are due, at most so many. */
  List<Target> next(List<Target> taps, int most) {
    List<Target> due = new ArrayList<>();
    for (Target target : taps) {
      if (!handled.contains(Turn.of(target)) && canBeHelped(target)) {
        due.add(target);
      }
    }
    due.sort(
        Comparator.comparingInt((Target target) -> failures.getOrDefault(Turn.of(target), 0))
            .thenComparing(target -> !target.attached()));
    return due.subList(0, Math.min(Math.max(0, most), due.size()));
  }

  private static boolean canBeHelped(Target target) {
    return target.mergeable() && !target.macvtap();
  }

  /** Notes what came of a tap's turn; returns whether it was its last. */
  boolean over(Target target, TapResult result) {
    Turn turn = Turn.of(target);
    boolean over = result.outcome() != Outcome.FAILED;
    if (!over && result.tried()) {
      over = failures.merge(turn, 1, Integer::sum) >= MAX_TRIES;
    }
    if (over) {
      handled.add(turn);
    }
    return over;
  }
}
