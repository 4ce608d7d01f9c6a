package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CeilingTest {

  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long MINUTE = 60 * SECOND;
  private static final long PERIOD = 10 * SECOND;
  private static final long MIB = 1 << 20;

  /** A clock's zero means nothing: it may be anywhere. */
  private long now = Long.MAX_VALUE - 10 * SECOND;

  private long cpu = 77 * SECOND;
  private final Ceiling ceiling = new Ceiling(new CeilingOptions(0.2, 512 * MIB));

  @Test
  void aBurstAtTheStartIsNotTooMuch() {
    pass(Duration.ofSeconds(50), 1.0, 100, ceiling);
    pass(Duration.ofMinutes(30), 0.01, 100, ceiling);
    assertThat(ceiling.hits()).isZero();
    assertThat(ceiling.trouble()).isEmpty();
  }

  @Test
  void whatWasUsedBeforeTheFirstLookDoesNotCount() {
    cpu = 1_000 * MINUTE;
    pass(Duration.ofMinutes(5), 0.1, 100, ceiling);
    assertThat(ceiling.over()).isFalse();
  }

  @Test
  void aWholeCpuIsTooMuchAfterAMinute() {
    pass(Duration.ofSeconds(70), 1.0, 100, ceiling);
    assertThat(ceiling.over()).isFalse();
    pass(Duration.ofSeconds(10), 1.0, 100, ceiling);
    assertThat(ceiling.over()).isTrue();
    assertThat(ceiling.hits()).isEqualTo(1);
    assertThat(ceiling.trouble())
        .isEqualTo(
            "over the ceiling: agent and bpftrace used 23.3 % of one CPU in 5 min, allowed are "
                + "20.0 % (--max-cpu): probes are detached, and no census and no capture is "
                + "started, for 1 min");
  }

  @Test
  void aSteadyShareCountsOverTheWindowAndNotOverAllTimes() {
    pass(Duration.ofHours(1), 0.01, 100, ceiling);
    pass(Duration.ofMinutes(4), 0.22, 100, ceiling);
    assertThat(ceiling.over()).isFalse();
    pass(Duration.ofMinutes(1), 0.22, 100, ceiling);
    assertThat(ceiling.over()).isTrue();
  }

  @Test
  void aShareJustBelowIsAllowedForEver() {
    pass(Duration.ofHours(5), 0.199, 500, ceiling);
    assertThat(ceiling.hits()).isZero();
  }

  @Test
  void memoryMustBeTooMuchForAMinute() {
    pass(Duration.ofSeconds(60), 0, 600, ceiling);
    pass(Duration.ofSeconds(10), 0, 500, ceiling);
    pass(Duration.ofSeconds(60), 0, 600, ceiling);
    assertThat(ceiling.over()).isFalse();
    pass(Duration.ofSeconds(10), 0, 600, ceiling);
    assertThat(ceiling.over()).isTrue();
    assertThat(ceiling.trouble())
        .contains("hold 600 MiB of memory, allowed are 512 MiB (--max-memory)");
  }

  @Test
  void itComesBackAfterThePauseAndMeasuresAnew() {
    pass(Duration.ofSeconds(80), 1.0, 100, ceiling);
    String trouble = ceiling.trouble();
    pass(Duration.ofSeconds(50), 1.0, 900, ceiling);
    assertThat(ceiling.over()).isTrue();
    assertThat(ceiling.trouble()).isEqualTo(trouble);
    pass(Duration.ofSeconds(10), 0, 100, ceiling);
    assertThat(ceiling.over()).isFalse();
    assertThat(ceiling.trouble()).isEmpty();
    pass(Duration.ofMinutes(10), 0.1, 100, ceiling);
    assertThat(ceiling.over()).isFalse();
  }

  @Test
  void thePauseDoublesUpToHalfAnHour() {
    for (int minutes : new int[] {1, 2, 4, 8, 16, 30, 30}) {
      assertThat(pauseOfAWholeCpu()).isEqualTo(minutes);
    }
    assertThat(ceiling.hits()).isEqualTo(7);
  }

  @Test
  void halfAnHourBelowItIsAFreshStart() {
    pauseOfAWholeCpu();
    assertThat(pauseOfAWholeCpu()).isEqualTo(2);
    pass(Duration.ofMinutes(25), 0.01, 100, ceiling);
    assertThat(pauseOfAWholeCpu()).isEqualTo(4);
    pass(Duration.ofMinutes(31), 0.01, 100, ceiling);
    assertThat(pauseOfAWholeCpu()).isEqualTo(1);
  }

  @Test
  void otherLimitsEndAPauseAndAreMeasuredAnew() {
    pass(Duration.ofSeconds(80), 1.0, 100, ceiling);
    assertThat(ceiling.over()).isTrue();
    ceiling.change(new CeilingOptions(0.2, 512 * MIB));
    assertThat(ceiling.over()).as("the same limits are no change").isTrue();
    ceiling.change(new CeilingOptions(0.5, 512 * MIB));
    assertThat(ceiling.over()).isFalse();
    assertThat(ceiling.trouble()).isEmpty();
    pass(Duration.ofSeconds(150), 1.0, 100, ceiling);
    assertThat(ceiling.over()).isFalse();
    pass(Duration.ofSeconds(20), 1.0, 100, ceiling);
    assertThat(ceiling.trouble()).contains("allowed are 50.0 %").endsWith("for 1 min");
  }

  @Test
  void noLimitIsNoCeiling() {
    Ceiling none = new Ceiling(new CeilingOptions(0, 0));
    pass(Duration.ofHours(1), 2, 100_000, none);
    assertThat(none.hits()).isZero();
  }

  /** Uses a whole CPU until that is too much; returns how many minutes of pause that made. */
  private long pauseOfAWholeCpu() {
    while (!ceiling.over()) {
      pass(Duration.ofNanos(PERIOD), 1.0, 100, ceiling);
    }
    long began = now;
    while (ceiling.over()) {
      pass(Duration.ofNanos(PERIOD), 0, 100, ceiling);
    }
    return (now - began) / MINUTE;
  }

  private void pass(Duration time, double share, long mebibytes, Ceiling looking) {
    for (long passed = 0; passed < time.toNanos(); passed += PERIOD) {
      now += PERIOD;
      cpu += (long) (share * PERIOD);
      looking.take(cpu, mebibytes * MIB, now);
    }
  }
}
