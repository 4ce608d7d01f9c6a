package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What looks at a worker's CPU time prove of the time between two others. */
class RanTest {

  private static final long SECOND = 1_000_000_000L;
  private static final long MILLI = 1_000_000L;

  private final Ran first = Ran.nothing(100 * SECOND);

  @Test
  void littleBySecondsIsMuchInTheEnd() {
    Ran ran = first;
    for (int second = 101; second <= 105; second++) {
      ran = ran.next(70 * MILLI, second * SECOND, second * SECOND);
    }
    assertThat(ran.between(100 * SECOND, 105 * SECOND)).isFalse();
    for (int second = 106; second <= 115; second++) {
      ran = ran.next(70 * MILLI, second * SECOND, second * SECOND);
    }
    assertThat(ran.between(100 * SECOND, 115 * SECOND)).isTrue();
  }

  @Test
  void oneSliceIsNotMuchHoweverLongAgoTheLastPassWas() {
    Ran ran = first.next(110 * MILLI, 110 * SECOND, 110 * SECOND);
    for (int second = 111; second < 130; second++) {
      ran = ran.next(0, second * SECOND, second * SECOND);
    }
    assertThat(ran.between(90 * SECOND, 129 * SECOND)).isFalse();
  }

  @Test
  void whatItMayHaveGotBeforeTheLastPassOrAfterTheFrameIsNoProof() {
    Ran ran = first.next(7 * SECOND, 114 * SECOND, 114 * SECOND);
    assertThat(ran.between(101 * SECOND, 114 * SECOND)).isTrue();
    assertThat(ran.between(107 * SECOND, 114 * SECOND)).isFalse();
    assertThat(ran.between(101 * SECOND, 108 * SECOND)).isFalse();
    assertThat(ran.between(101 * SECOND, 112 * SECOND)).isTrue();
  }

  @Test
  void whatItGotWhileALookWasBeingReadMayBeOfAfterTheFrame() {
    Ran ran = first.next(SECOND, 101 * SECOND, 102 * SECOND);
    assertThat(ran.between(99 * SECOND, 101 * SECOND + 300 * MILLI)).isFalse();
    assertThat(ran.between(99 * SECOND, 102 * SECOND)).isTrue();
  }
}
