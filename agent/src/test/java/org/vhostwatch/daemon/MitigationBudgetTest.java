package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MitigationBudgetTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long HOUR = Duration.ofHours(1).toNanos();

  /** A clock's zero means nothing: it may be anywhere. */
  private static final long START = Long.MAX_VALUE - 10 * SECOND;

  private final MitigationBudget budget = new MitigationBudget(Duration.ofSeconds(60), 5);

  @Test
  void theFirstBatchMayUseTheWholeHour() {
    assertThat(budget.allowed(START)).isEqualTo(5);
  }

  @Test
  void afterABatchNothingIsAllowedUntilItIsCool() {
    budget.used(2, START);
    assertThat(budget.allowed(START + 59 * SECOND)).isZero();
    assertThat(budget.allowed(START + 60 * SECOND)).isEqualTo(3);
  }

  @Test
  void noHourHasMoreThanTheLimit() {
    budget.used(4, START);
    budget.used(1, START + 61 * SECOND);
    assertThat(budget.allowed(START + HOUR - SECOND)).isZero();
    assertThat(budget.allowed(START + HOUR)).isEqualTo(4);
    assertThat(budget.allowed(START + HOUR + 61 * SECOND)).isEqualTo(5);
  }

  @Test
  void aBatchThatChangedNothingCoolsToo() {
    budget.used(0, START);
    assertThat(budget.allowed(START + SECOND)).isZero();
    assertThat(budget.allowed(START + 60 * SECOND)).isEqualTo(5);
  }

  @Test
  void otherLimitsCountAtOnceAndWhatWasDoneStillDoes() {
    budget.used(4, START);
    budget.change(Duration.ofSeconds(10), 6);
    assertThat(budget.allowed(START + 10 * SECOND)).isEqualTo(2);
    budget.change(Duration.ofSeconds(10), 3);
    assertThat(budget.allowed(START + 10 * SECOND)).isNotPositive();
  }
}
