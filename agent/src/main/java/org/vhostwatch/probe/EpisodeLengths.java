package org.vhostwatch.probe;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How long one queue's episodes were, the present one as far as it goes. The length of an episode
 * is the time from its first pass to its last.
 *
 * @param longest the longest, nanoseconds
 * @param total all together, nanoseconds
 * @param reached how many got as long as each of {@link #BOUNDS}, or longer
 */
public record EpisodeLengths(long longest, long total, List<Long> reached) {

  /** Nanoseconds: 1 ms, below which a retry is nothing, to 10 s. The scripts use the same. */
  public static final List<Long> BOUNDS =
      List.of(1_000_000L, 10_000_000L, 100_000_000L, 1_000_000_000L, 10_000_000_000L);

  /** No length is known. */
  public static final EpisodeLengths NONE = new EpisodeLengths(0, 0, List.of(0L, 0L, 0L, 0L, 0L));

  /** Returns how many got as long as each bound, or longer, by the bound in milliseconds. */
  public SortedMap<Long, Long> reachedByMillis() {
    SortedMap<Long, Long> counts = new TreeMap<>();
    for (int i = 0; i < BOUNDS.size(); i++) {
      counts.put(BOUNDS.get(i) / 1_000_000, reached.get(i));
    }
    return counts;
  }

  /** Returns whether any length is known. */
  public boolean known() {
    return total > 0;
  }

  public EpisodeLengths {
    reached = List.copyOf(reached);
    if (reached.size() != BOUNDS.size()) {
      throw new IllegalArgumentException("one count for each bound, not " + reached);
    }
  }
}
