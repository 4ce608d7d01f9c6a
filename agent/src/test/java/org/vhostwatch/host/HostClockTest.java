package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostClockTest {

  private static final long NOW = 5_000_000_000_000L;

  private final Path root;

  HostClockTest(@TempDir Path root) {
    this.root = root;
  }

  @Test
  void aHostThatNeverSleptHasOneClock() throws IOException {
    assertThat(slept("5000.00 9000.12")).isZero();
    assertThat(slept("4999.99 9000.12")).as("rounded down").isZero();
    assertThat(slept("4999.00 9000.12")).as("read long before").isZero();
  }

  @Test
  void theTimeItSleptIsNeverTooLittle() throws IOException {
    // 5012.345 seconds, of which twelve and some were slept.
    assertThat(slept("5012.34 9000.12")).isBetween(12_345_000_000L, 12_355_000_000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", " ", "-1 2", "NaN 1"})
  void whatCannotBeReadIsNothing(String uptime) throws IOException {
    assertThat(slept(uptime)).isZero();
  }

  @Test
  void withoutTheFileItIsNothing() {
    assertThat(HostClock.slept(new ProcFs(root), NOW)).isZero();
  }

  /** The machine that runs this may have slept; it does not while the test runs. */
  @Test
  void thisHostsClocksKeepTheirDistance() {
    ProcFs host = new ProcFs(Path.of("/"));
    long once = HostClock.slept(host, System.nanoTime());
    assertThat(HostClock.slept(host, System.nanoTime())).isBetween(0L, once + 20_000_000L);
  }

  private long slept(String uptime) throws IOException {
    Files.createDirectories(root.resolve("proc"));
    Files.writeString(root.resolve("proc/uptime"), uptime);
    return HostClock.slept(new ProcFs(root), NOW);
  }
}
