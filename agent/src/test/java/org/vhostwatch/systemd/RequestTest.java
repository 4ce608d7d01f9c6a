package org.vhostwatch.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestTest {

  @Test
  void withoutASocketThereIsNobodyToTell() {
    assertThat(Request.from(Map.of(), 7)).isEmpty();
    assertThat(Request.from(Map.of("NOTIFY_SOCKET", "", "WATCHDOG_USEC", "5"), 7)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "60000000, , 60000",
    "60000000, 7, 60000",
    "60000000, 8, 0",
    ", , 0",
    "-1, , 0",
    "soon, , 0",
    "9223372036854775807, , 0",
  })
  void theWatchdogIsOursOrNobodys(String micros, String pid, long millis) {
    Map<String, String> environment = new HashMap<>(Map.of("NOTIFY_SOCKET", "/run/s"));
    if (micros != null) {
      environment.put("WATCHDOG_USEC", micros);
    }
    if (pid != null) {
      environment.put("WATCHDOG_PID", pid);
    }
    assertThat(Request.from(environment, 7))
        .contains(new Request("/run/s", Duration.ofMillis(millis)));
  }
}
