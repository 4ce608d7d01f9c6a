package org.vhostwatch.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Who guesses, and who is kept out by it; with made-up time. */
class AccessTest {

  private static final long MILLIS = 1_000_000;

  /** Of "correct horse", with as few rounds as are allowed. */
  private static final String CHEAP =
      "$pbkdf2-sha256$10000$MDEyMzQ1Njc4OWFiY2RlZg$TI2grtvV1HW5nz2rBY4tctlrmOj5bZs0dw9j8NHpRRc";

  /** Grows by what a check takes each time somebody looks at it. */
  private long now = Long.MAX_VALUE - 7;

  private long check;

  private final Access access =
      new Access(
          new Protection(
              Optional.empty(),
              Optional.of(Map.of("ops", PasswordHash.parse(CHEAP).orElseThrow()))),
          () -> now += check);

  private int ask(String from, String password) throws UnknownHostException {
    String credentials = Base64.getEncoder().encodeToString(("ops:" + password).getBytes(UTF_8));
    return access
        .refused("Basic " + credentials, InetAddress.getAllByName(from)[0])
        .map(Response::status)
        .orElse(200);
  }

  @Test
  void whoGuessesKeepsOutNobodyElse() throws Exception {
    assertThat(ask("192.0.2.1", "wrong")).isEqualTo(401);
    assertThat(ask("192.0.2.1", "correct horse")).isEqualTo(429);
    assertThat(ask("192.0.2.2", "correct horse")).isEqualTo(200);
    now += 499 * MILLIS;
    assertThat(ask("192.0.2.1", "other")).isEqualTo(429);
    now += 2 * MILLIS;
    assertThat(ask("192.0.2.1", "other")).isEqualTo(401);
  }

  @Test
  void whoGuessesInALoopKeepsOutNobodyElse() throws Exception {
    int refused = 0;
    for (int i = 0; i < 200; i++) {
      refused += ask("192.0.2.1", "wrong") == 429 ? 1 : 0;
      now += 10 * MILLIS;
      if (i == 20) {
        assertThat(ask("192.0.2.2", "correct horse")).isEqualTo(200);
      }
    }
    assertThat(refused).isEqualTo(196);
  }

  @Test
  void whereACheckTakesLongOthersStillComeBetween() throws Exception {
    check = 1_000 * MILLIS;
    assertThat(ask("192.0.2.1", "wrong")).isEqualTo(401);
    check = 0;
    now += 1_000 * MILLIS;
    assertThat(ask("192.0.2.1", "wrong")).isEqualTo(429);
    assertThat(ask("192.0.2.2", "correct horse")).isEqualTo(200);
    now += 2_999 * MILLIS;
    assertThat(ask("192.0.2.1", "wrong")).isEqualTo(429);
    now += 2 * MILLIS;
    assertThat(ask("192.0.2.1", "wrong")).isEqualTo(401);
  }

  @Test
  void withManyAddressesGuessingCostsHalfACpu() throws Exception {
    check = 30 * MILLIS;
    assertThat(ask("192.0.2.1", "wrong")).isEqualTo(401);
    check = 0;
    assertThat(ask("192.0.2.2", "wrong")).isEqualTo(429);
    now += 29 * MILLIS;
    assertThat(ask("192.0.2.3", "wrong")).isEqualTo(429);
    now += 2 * MILLIS;
    assertThat(ask("192.0.2.4", "correct horse")).isEqualTo(200);
  }

  @Test
  void aNetworkOfIpv6IsOneWhoGuesses() throws Exception {
    assertThat(ask("2001:db8:0:1::1", "wrong")).isEqualTo(401);
    assertThat(ask("2001:db8:0:1:ffff::2", "wrong")).isEqualTo(429);
    assertThat(ask("2001:db8:0:2::1", "correct horse")).isEqualTo(200);
    // As Java hands it over: the same as 192.0.2.1.
    assertThat(ask("::ffff:192.0.2.1", "wrong")).isEqualTo(401);
    assertThat(ask("192.0.2.1", "wrong")).isEqualTo(429);
  }

  @Test
  void thoseWhoGuessAreRememberedUpToABound() throws Exception {
    Guessers guessers = new Guessers();
    for (int i = 0; i < 3 * Guessers.MAX; i++) {
      guessers.guessed(address(i), 10);
      guessers.guessed(address(0), 10);
    }
    assertThat(guessers.size()).isEqualTo(Guessers.MAX);
    assertThat(guessers.waits(address(3 * Guessers.MAX - 1), 9)).isTrue();
    assertThat(guessers.waits(address(3 * Guessers.MAX - 1), 10)).isFalse();
    assertThat(guessers.waits(address(0), 9)).as("of late").isTrue();
    assertThat(guessers.waits(address(1), 9)).as("longest ago").isFalse();
  }

  private static InetAddress address(int number) throws UnknownHostException {
    return InetAddress.getByAddress(new byte[] {10, 0, (byte) (number >> 8), (byte) number});
  }
}
