package org.vhostwatch.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TellerTest {

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration FRESH = Duration.ofMillis(500);

  private long now = -7_000_000_000L; // System.nanoTime() may be negative

  @Test
  void readinessIsToldOnceAndAStatusWhenItChanges() {
    Teller teller = new Teller(Duration.ZERO, now);
    assertThat(told(teller, false, FRESH, "starting")).contains("STATUS=starting\n");
    assertThat(told(teller, false, FRESH, "starting")).isEmpty();
    assertThat(told(teller, true, FRESH, "healthy")).contains("READY=1\nSTATUS=healthy\n");
    assertThat(told(teller, true, FRESH, "healthy")).isEmpty();
    assertThat(told(teller, true, FRESH, "LIVELOCKED")).contains("STATUS=LIVELOCKED\n");
  }

  @Test
  void whatWasNotDeliveredStaysDue() {
    Teller teller = new Teller(MINUTE, now);
    assertThat(teller.due(true, FRESH, "healthy", now))
        .contains("READY=1\nSTATUS=healthy\nWATCHDOG=1\n");
    assertThat(teller.due(true, FRESH, "healthy", now))
        .contains("READY=1\nSTATUS=healthy\nWATCHDOG=1\n");
  }

  @Test
  void theWatchdogHearsOfALoopThatGoesRoundEachHalfOfItsTime() {
    Teller teller = new Teller(MINUTE, now);
    told(teller, true, FRESH, "healthy");
    pass(29);
    assertThat(told(teller, true, FRESH, "healthy")).isEmpty();
    pass(1);
    assertThat(told(teller, true, FRESH, "healthy")).contains("WATCHDOG=1\n");
    pass(1);
    assertThat(told(teller, true, FRESH, "healthy")).isEmpty();
  }

  @Test
  void theWatchdogHearsNothingOfALoopThatStands() {
    Teller teller = new Teller(MINUTE, now);
    told(teller, true, FRESH, "healthy");
    pass(300);
    assertThat(told(teller, true, Duration.ofSeconds(30), "healthy")).isEmpty();
    assertThat(told(teller, true, Duration.ofSeconds(29), "healthy")).contains("WATCHDOG=1\n");
  }

  @Test
  void withoutAWatchdogThereIsNoSignOfLife() {
    Teller teller = new Teller(Duration.ZERO, now);
    told(teller, true, FRESH, "healthy");
    pass(3_600);
    assertThat(told(teller, true, Duration.ZERO, "healthy")).isEmpty();
  }

  @Test
  void aLongStartAsksForMoreTimeWhileTheLoopGoesRound() {
    Teller teller = new Teller(Duration.ZERO, now);
    told(teller, false, FRESH, "starting");
    pass(9);
    assertThat(told(teller, false, FRESH, "starting")).isEmpty();
    pass(1);
    assertThat(told(teller, false, Duration.ofSeconds(10), "starting")).isEmpty();
    assertThat(told(teller, false, FRESH, "starting")).contains("EXTEND_TIMEOUT_USEC=30000000\n");
    pass(9);
    assertThat(told(teller, false, FRESH, "starting")).isEmpty();
    pass(1);
    assertThat(told(teller, false, FRESH, "starting")).isPresent();
    pass(10);
    assertThat(told(teller, true, FRESH, "starting")).contains("READY=1\n");
    pass(10);
    assertThat(told(teller, true, FRESH, "starting")).isEmpty();
  }

  @Test
  void aStartThatNeverEndsIsGivenUp() {
    Teller teller = new Teller(Duration.ZERO, now);
    told(teller, false, FRESH, "starting");
    pass(300);
    assertThat(told(teller, false, FRESH, "starting")).isEmpty();
  }

  @Test
  void looksOftenEnoughForAShortWatchdog() {
    assertThat(new Teller(Duration.ZERO, now).period()).isEqualTo(Duration.ofSeconds(1));
    assertThat(new Teller(MINUTE, now).period()).isEqualTo(Duration.ofSeconds(1));
    assertThat(new Teller(Duration.ofSeconds(2), now).period()).isEqualTo(Duration.ofMillis(500));
  }

  private Optional<String> told(Teller teller, boolean ready, Duration since, String status) {
    Optional<String> message = teller.due(ready, since, status, now);
    if (message.isPresent()) {
      teller.delivered();
    }
    return message;
  }

  private void pass(long seconds) {
    now += Duration.ofSeconds(seconds).toNanos();
  }
}
