package org.vhostwatch.drill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vhostwatch.libc.NativeMemory;
import org.vhostwatch.libc.PacketSocket;

/** With the kernel's own tap driver, where there is one and we may use it. */
class TapTest {
  private static final String NAME = "vwtest" + ProcessHandle.current().pid() % 100_000;
  private static final Path INTERFACE = Path.of("/sys/class/net", NAME);

  @BeforeEach
  void needsTunAndRoot() {
    assumeThat(Files.isWritable(Path.of("/dev/net/tun"))).isTrue();
    assumeThat(System.getProperty("user.name")).isEqualTo("root");
  }

  @Test
  void tapTakesASuperPacketAndGoesAwayWithItsDescriptor() throws IOException {
    NativeMemory frame = NativeMemory.copyOf(TcpFrame.build(60_366));
    try (Tap tap = Tap.create(NAME)) {
      tap.up();
      assertThat(tap.index()).isPositive();
      assertThat(Files.readString(INTERFACE.resolve("flags")).strip()).isEqualTo("0x1003");
      try (PacketSocket socket = PacketSocket.open(NAME)) {
        assertThat(socket.send(frame, (int) frame.size())).isTrue();
      }
      assertThat(Files.readString(INTERFACE.resolve("statistics/tx_dropped")).strip())
          .isEqualTo("0");
    }
    assertThat(INTERFACE).doesNotExist();
  }

  @Test
  void ipv6IsOffOnTheTapAlone() throws IOException {
    Path all = Path.of("/proc/sys/net/ipv6/conf/all/disable_ipv6");
    boolean hasIpv6 = Files.exists(all);
    String before = hasIpv6 ? Files.readString(all) : "";
    try (Tap tap = Tap.create(NAME)) {
      Path own = Path.of("/proc/sys/net/ipv6/conf", tap.name(), "disable_ipv6");
      if (hasIpv6) {
        assertThat(own).hasContent("1\n");
      } else {
        assertThat(own).doesNotExist();
      }
    }
    assertThat(hasIpv6 ? Files.readString(all) : "").isEqualTo(before);
  }

  @Test
  void nameThatExistsIsAUsageError() throws IOException {
    try (Tap tap = Tap.create(NAME)) {
      assertThatThrownBy(() -> Tap.create(tap.name()))
          .isInstanceOfSatisfying(DrillException.class, e -> assertThat(e.usage()).isTrue())
          .hasMessageContaining("interface " + NAME + " exists");
    }
    assertThatThrownBy(() -> Tap.create("lo")).isInstanceOf(DrillException.class);
  }

  @Test
  void firstFreeNameIsTaken() throws IOException {
    try (Tap first = Tap.create(null);
        Tap second = Tap.create(null)) {
      assertThat(first.name()).startsWith("vwdrill");
      assertThat(second.name()).startsWith("vwdrill").isNotEqualTo(first.name());
    }
  }
}
