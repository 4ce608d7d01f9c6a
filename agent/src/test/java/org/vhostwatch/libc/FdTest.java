package org.vhostwatch.libc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FdTest {
  @Test
  void failedOpenNamesCallArgumentAndReason() {
    assertThatThrownBy(() -> Fd.open("/nonexistent/file"))
        .isInstanceOfSatisfying(
            LibcException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
        .hasMessage("open(/nonexistent/file): No such file or directory (errno 2)");
  }

  @Test
  void writesAndReadsThroughNativeMemory(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("f"), "........");
    NativeMemory hello = NativeMemory.copyOf("hello".getBytes(StandardCharsets.US_ASCII));
    try (Fd fd = Fd.open(file.toString())) {
      assertThat(fd.write(hello, 5)).isEqualTo(5);
      NativeMemory rest = NativeMemory.allocate(10);
      assertThat(fd.read(rest)).isEqualTo(3);
      assertThat(rest.getU8(0)).isEqualTo('.');
    }
    assertThat(Files.readString(file)).isEqualTo("hello...");
  }

  @Test
  void refusedIoctlNamesTheRequest() throws IOException {
    try (Fd fd = Fd.open("/dev/null")) {
      assertThatThrownBy(() -> fd.ioctl("TUNSETIFF", 0x400454caL, NativeMemory.allocate(40)))
          .isInstanceOf(LibcException.class)
          .hasMessageContaining("TUNSETIFF(/dev/null)");
    }
  }

  @Test
  void useAfterCloseIsRefused() throws IOException {
    Fd fd = Fd.open("/dev/null");
    fd.close();
    fd.close();
    assertThatThrownBy(fd::number)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("/dev/null is closed");
  }

  @Test
  void eventFdCountsAndResets() throws IOException {
    try (EventFd event = EventFd.create("test")) {
      assertThat(event.await(0)).isZero();
      event.signal();
      event.signal();
      assertThat(event.await(1000)).isEqualTo(2);
      assertThat(event.await(0)).isZero();
    }
  }

  @Test
  void packetSocketRefusesAnUnknownInterface() {
    assertThatThrownBy(() -> PacketSocket.open("vw-none"))
        .isInstanceOf(LibcException.class)
        .hasMessageContaining("if_nametoindex(vw-none)");
  }
}
