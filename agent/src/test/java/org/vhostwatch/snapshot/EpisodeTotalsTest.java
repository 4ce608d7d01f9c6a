package org.vhostwatch.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.probe.EpisodeLengths;
import org.vhostwatch.probe.SentinelFrame;
import org.vhostwatch.probe.SpinCounters;

class EpisodeTotalsTest {

  private static final long MS = 1_000_000L;
  private static final long NOW = 1_000_000 * MS;

  /** The last of the episodes began and was seen so many milliseconds ago. */
  private static SpinCounters queue(
      long episodes, long begunMs, long seenMs, long totalMs, Long... reached) {
    return new SpinCounters(
        0xffff888000000000L,
        7,
        1000,
        episodes,
        0,
        NOW - begunMs * MS,
        0,
        NOW - seenMs * MS,
        256,
        0,
        0,
        0,
        8,
        true,
        new EpisodeLengths(0, totalMs * MS, List.of(reached)));
  }

  private static EpisodeTotals of(SpinCounters... queues) {
    return EpisodeTotals.of(new SentinelFrame(NOW, List.of(queues)));
  }

  @Test
  void anEpisodeCountsWhenItIsOver() {
    assertThat(of(queue(3, 50, 1, 70, 2L, 2L, 0L, 0L, 0L)))
        .as("the third one, 49 ms so far, goes on")
        .isEqualTo(new EpisodeTotals(2, 21 * MS, List.of(1L, 1L, 2L, 2L, 2L)));
    assertThat(of(queue(3, 5050, 5001, 70, 2L, 2L, 0L, 0L, 0L)))
        .as("it ended five seconds ago")
        .isEqualTo(new EpisodeTotals(3, 70 * MS, List.of(1L, 1L, 3L, 3L, 3L)));
  }

  @Test
  void noNumberFallsFromThePresentEpisodeOverItsEndToTheNext() {
    EpisodeTotals during = of(queue(1, 50, 1, 49, 1L, 1L, 0L, 0L, 0L));
    EpisodeTotals over = of(queue(1, 5050, 5001, 49, 1L, 1L, 0L, 0L, 0L));
    EpisodeTotals next = of(queue(2, 3, 1, 51, 2L, 1L, 0L, 0L, 0L));
    assertThat(during).isEqualTo(EpisodeTotals.NONE);
    assertThat(over.orMore(during)).isEqualTo(over);
    assertThat(next).isEqualTo(over);
  }

  @Test
  void queuesAndSentinelsAddUp() {
    SpinCounters one = queue(1, 9000, 8000, 1000, 1L, 1L, 1L, 1L, 0L);
    EpisodeTotals two = new EpisodeTotals(2, 2000 * MS, List.of(0L, 0L, 0L, 0L, 2L));
    assertThat(of(one, one)).isEqualTo(two);
    assertThat(of(one).plus(of(one))).isEqualTo(two);
  }
}
