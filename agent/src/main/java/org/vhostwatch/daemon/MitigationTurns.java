package org.vhostwatch.daemon;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.vhostwatch.mitigate.TapResult;
import org.vhostwatch.mitigate.TapResult.Outcome;
import org.vhostwatch.mitigate.Target;

/**
 * Which taps have their turn to be mitigated: each from when its guest's driver is up until it is
 * handled, or has failed too often; those that have failed come after the others. Not thread-safe.
 */
final class MitigationTurns {
  static final int MAX_TRIES = 3;

  private final Set<Key> handled = new HashSet<>();
  private final Map<Key, Integer> failures = new HashMap<>();

  /** What a census knows a tap by. */
  private record Key(long netns, int ifindex, String name) {
    static Key of(Target target) {
      return new Key(target.netns(), target.ifindex(), target.name());
    }
  }

  /**
   * Forgets all taps but those of these that are attached: a tap that comes again is another one,
   * and for a driver that starts anew its VMM requests offloads anew.
   */
  void present(List<Target> taps) {
    Set<Key> present =
        taps.stream().filter(Target::attached).map(Key::of).collect(Collectors.toSet());
    handled.retainAll(present);
    failures.keySet().retainAll(present);
  }

  /** Returns those of the taps that are due, at most so many. */
  List<Target> next(List<Target> taps, int most) {
    List<Target> due = new ArrayList<>();
    for (Target target : taps) {
      if (!handled.contains(Key.of(target)) && canBeHelped(target)) {
        due.add(target);
      }
    }
    due.sort(Comparator.comparingInt(target -> failures.getOrDefault(Key.of(target), 0)));
    return due.subList(0, Math.min(Math.max(0, most), due.size()));
  }

  private static boolean canBeHelped(Target target) {
    return target.attached() && target.mergeable() && !target.macvtap();
  }

  /** Notes what came of a tap's turn; returns whether it was its last. */
  boolean over(Target target, TapResult result) {
    Key key = Key.of(target);
    boolean over = result.outcome() != Outcome.FAILED;
    if (!over && result.tried()) {
      over = failures.merge(key, 1, Integer::sum) >= MAX_TRIES;
    }
    if (over) {
      handled.add(key);
    }
    return over;
  }
}
