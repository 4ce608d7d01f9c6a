package org.vhostwatch.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.libc.DatagramReceiver;
import org.vhostwatch.libc.LibcException;
import org.vhostwatch.libc.MonotonicClock;
import org.vhostwatch.report.Samples;

class ServiceManagerTest {

  private String address = "";

  private final AtomicBoolean done = new AtomicBoolean();
  private final AtomicBoolean ready = new AtomicBoolean();
  private final AtomicReference<Duration> sinceCycle = new AtomicReference<>(Duration.ZERO);
  private final ServiceManager.Source source =
      new ServiceManager.Source(Samples::snapshot, ready::get, sinceCycle::get);

  @BeforeEach
  void address(@TempDir Path folder) {
    address = folder.resolve("notify").toString();
  }

  @Test
  void tellsOfStartReadinessLifeAndStop() throws IOException {
    try (DatagramReceiver systemd = new DatagramReceiver(address);
        ServiceManager manager =
            ServiceManager.start(
                Map.of("NOTIFY_SOCKET", address, "WATCHDOG_USEC", "400000"), source)) {
      assertThat(systemd.receive()).isEqualTo("STATUS=starting: attaching probes\n");
      assertThat(systemd.receive()).contains("WATCHDOG=1\n").doesNotContain("READY=1");
      ready.set(true);
      String message = systemd.receive();
      while (!message.contains("READY=1")) {
        message = systemd.receive();
      }
      assertThat(message).contains("STATUS=LIVELOCKED: VM web01, tap vnet3, queue 0");
      assertThat(systemd.receive()).isEqualTo("WATCHDOG=1\n");
      manager.stopping();
      message = systemd.receive();
      while (!message.contains("STOPPING=1")) {
        message = systemd.receive();
      }
      assertThat(message).isEqualTo("STOPPING=1\nSTATUS=stopping\n");
    }
  }

  @Test
  void aReloadIsToldWithItsTimeAndItsEnd() throws IOException {
    ready.set(true);
    try (DatagramReceiver systemd = new DatagramReceiver(address);
        ServiceManager manager = ServiceManager.start(Map.of("NOTIFY_SOCKET", address), source)) {
      while (!systemd.receive().contains("READY=1")) {
        // what else there is to tell at the start
      }
      long before = MonotonicClock.micros();
      manager.reload(() -> done.set(true));
      String message = systemd.receive();
      assertThat(message).matches("RELOADING=1\nMONOTONIC_USEC=\\d+\n");
      long at = Long.parseLong(message.strip().replaceFirst("(?s).*=", ""));
      assertThat(at).isBetween(before, MonotonicClock.micros());
      assertThat(done).isTrue();
      assertThat(systemd.receive()).isEqualTo("READY=1\n");
    }
  }

  @Test
  void aReloadBeforeItIsReadyMakesItNoSooner() throws IOException {
    try (DatagramReceiver systemd = new DatagramReceiver(address);
        ServiceManager manager = ServiceManager.start(Map.of("NOTIFY_SOCKET", address), source)) {
      assertThat(systemd.receive()).startsWith("STATUS=");
      manager.reload(() -> done.set(true));
      assertThat(done).isTrue();
      manager.stopping();
      assertThat(systemd.receive()).isEqualTo("STOPPING=1\nSTATUS=stopping\n");
    }
  }

  @Test
  void aLoopThatStandsGivesNoSignOfLife() throws IOException {
    sinceCycle.set(Duration.ofSeconds(30));
    try (DatagramReceiver systemd = new DatagramReceiver(address);
        ServiceManager manager =
            ServiceManager.start(
                Map.of("NOTIFY_SOCKET", address, "WATCHDOG_USEC", "400000"), source)) {
      assertThat(manager).isNotNull();
      systemd.timeout(1);
      assertThatThrownBy(
              () -> {
                while (true) {
                  assertThat(systemd.receive()).doesNotContain("WATCHDOG");
                }
              })
          .isInstanceOf(LibcException.class);
    }
  }

  @Test
  void withoutSystemdItDoesNothing() throws IOException {
    try (ServiceManager manager = ServiceManager.start(Map.of(), source)) {
      manager.stopping();
    }
  }

  @Test
  void aSocketThatNobodyHearsIsSaidAtOnce() {
    assertThatThrownBy(() -> ServiceManager.start(Map.of("NOTIFY_SOCKET", address), source))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("NOTIFY_SOCKET")
        .hasMessageContaining(address);
    assertThatThrownBy(() -> ServiceManager.start(Map.of("NOTIFY_SOCKET", "vsock:2:1"), source))
        .isInstanceOf(IOException.class);
  }
}
