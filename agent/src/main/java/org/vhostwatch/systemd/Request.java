package org.vhostwatch.systemd;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What the service manager asked for when it started this process.
 *
 * @param address of the socket it listens on, as {@code NOTIFY_SOCKET} has it
 * @param watchdog time within which it wants a sign of life; zero if it wants none
 */
record Request(String address, Duration watchdog) {

  /**
   * Reads the environment (sd_notify(3), sd_watchdog_enabled(3)).
   *
   * @param pid of this process: a watchdog may be meant for another one
   * @return empty if no service manager listens
   */
  static Optional<Request> from(Map<String, String> environment, long pid) {
    String address = environment.getOrDefault("NOTIFY_SOCKET", "");
    if (address.isEmpty()) {
      return Optional.empty();
    }
    String meant = environment.getOrDefault("WATCHDOG_PID", "");
    boolean ours = meant.isEmpty() || meant.equals(Long.toString(pid));
    return Optional.of(
        new Request(
            address, ours ? micros(environment.getOrDefault("WATCHDOG_USEC", "")) : Duration.ZERO));
  }

  private static Duration micros(String text) {
    try {
      long micros = Long.parseLong(text);
      // Beyond some hundred thousand years there is no watchdog, only an overflow.
      return micros > 0 && micros < Long.MAX_VALUE / 1000
          ? Duration.ofNanos(micros * 1000)
          : Duration.ZERO;
    } catch (NumberFormatException e) {
      return Duration.ZERO;
    }
  }
}
