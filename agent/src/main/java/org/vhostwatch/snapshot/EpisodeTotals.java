package org.vhostwatch.snapshot;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongBinaryOperator;
import org.vhostwatch.probe.EpisodeLengths;
import org.vhostwatch.probe.SentinelFrame;
import org.vhostwatch.probe.SpinCounters;

/**
 * The episodes that have ended since the daemon's start, of all queues together, those that are
 * gone included. Immutable; no number ever falls.
 *
 * @param count episodes
 * @param nanos their lengths together, nanoseconds
 * @param below how many were shorter than each of {@link EpisodeLengths#BOUNDS}
 */
public record EpisodeTotals(long count, long nanos, List<Long> below) {

  /** No episode. */
  public static final EpisodeTotals NONE =
      new EpisodeTotals(0, 0, Collections.nCopies(EpisodeLengths.BOUNDS.size(), 0L));

  public EpisodeTotals {
    below = List.copyOf(below);
  }

  /** Returns what the sentinel has counted of episodes that were over by the time of its frame. */
  public static EpisodeTotals of(SentinelFrame frame) {
    EpisodeTotals totals = NONE;
    for (SpinCounters queue : frame.queues()) {
      totals = totals.plus(ended(queue, frame.kernelNanos()));
    }
    return totals;
  }

  private static EpisodeTotals ended(SpinCounters queue, long kernelNanos) {
    boolean goesOn = queue.goesOn(kernelNanos);
    long count = queue.episodes() - (goesOn ? 1 : 0);
    List<Long> below = new ArrayList<>();
    for (int i = 0; i < EpisodeLengths.BOUNDS.size(); i++) {
      boolean counts = goesOn && queue.episodeNanos() < EpisodeLengths.BOUNDS.get(i);
      below.add(queue.episodes() - queue.lengths().reached().get(i) - (counts ? 1 : 0));
    }
    return new EpisodeTotals(
        count, queue.lengths().total() - (goesOn ? queue.episodeNanos() : 0), below);
  }

  /** Returns the sum. */
  public EpisodeTotals plus(EpisodeTotals more) {
    return with(more, Long::sum);
  }

  /**
   * Returns the larger of each number: the maps of a frame are not read at one instant, so that one
   * may be a little behind what was published.
   */
  public EpisodeTotals orMore(EpisodeTotals before) {
    return with(before, Math::max);
  }

  private EpisodeTotals with(EpisodeTotals other, LongBinaryOperator each) {
    List<Long> numbers = new ArrayList<>();
    for (int i = 0; i < below.size(); i++) {
      numbers.add(each.applyAsLong(below.get(i), other.below.get(i)));
    }
    return new EpisodeTotals(
        each.applyAsLong(count, other.count), each.applyAsLong(nanos, other.nanos), numbers);
  }
}
