package org.vhostwatch.libc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnixDatagramTest {

  private static final byte[] MESSAGE = "STATUS=gesund \u2713".getBytes(StandardCharsets.UTF_8);

  @Test
  void reachesAPath(@TempDir Path folder) throws IOException {
    String path = folder.resolve("s").toString();
    try (DatagramReceiver receiver = new DatagramReceiver(path)) {
      UnixDatagram.send(path, MESSAGE);
      assertThat(receiver.receive()).isEqualTo("STATUS=gesund \u2713");
    }
  }

  @Test
  void reachesAnAbstractName() throws IOException {
    String name = "@vhostwatch-test-" + ProcessHandle.current().pid();
    try (DatagramReceiver receiver = new DatagramReceiver(name)) {
      UnixDatagram.send(name, MESSAGE);
      assertThat(receiver.receive()).isEqualTo("STATUS=gesund \u2713");
    }
  }

  @Test
  void aReceiverThatReadsNothingDoesNotHoldTheSender(@TempDir Path folder) throws IOException {
    String path = folder.resolve("s").toString();
    try (DatagramReceiver receiver = new DatagramReceiver(path)) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 10_000; i++) {
                  UnixDatagram.send(path, MESSAGE);
                }
              })
          .isInstanceOfSatisfying(
              LibcException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EAGAIN));
      assertThat(receiver.receive()).startsWith("STATUS=");
    }
  }

  @Test
  void nobodyThereIsSaidWithTheAddress(@TempDir Path folder) {
    String path = folder.resolve("s").toString();
    assertThatThrownBy(() -> UnixDatagram.send(path, MESSAGE))
        .isInstanceOf(LibcException.class)
        .hasMessageContaining("connect(" + path + "): No such file");
  }

  @Test
  void leavesNoDescriptorOpen(@TempDir Path folder) throws IOException {
    String path = folder.resolve("s").toString();
    try (DatagramReceiver receiver = new DatagramReceiver(path)) {
      UnixDatagram.send(path, MESSAGE);
      long before = sockets();
      for (int i = 0; i < 5; i++) {
        UnixDatagram.send(path, MESSAGE);
        receiver.receive();
      }
      assertThat(sockets()).isEqualTo(before);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "@", "/", "relative", "vsock:2:1234"})
  void whatIsNoAddressIsRefused(String address) {
    assertThatThrownBy(() -> UnixDatagram.send(address, MESSAGE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anAddressThatIsTooLongIsRefused() {
    assertThatThrownBy(() -> UnixDatagram.send("/" + "x".repeat(107), MESSAGE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static long sockets() throws IOException {
    try (var open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(UnixDatagramTest::isSocket).count();
    }
  }

  private static boolean isSocket(Path fd) {
    try {
      return Files.readSymbolicLink(fd).toString().startsWith("socket:");
    } catch (IOException e) {
      return false; // the one that lists them
    }
  }
}
