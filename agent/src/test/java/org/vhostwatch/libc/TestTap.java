package org.vhostwatch.libc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A tap with one queue that lives as long as its descriptor; without a user's offloads. */
public final class TestTap implements AutoCloseable {
  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final long SIOCSIFNAME = 0x8923;
  private static final int TAP_NO_PI_VNET_HDR = 0x0002 | 0x1000 | 0x4000;

  private final Fd fd;
  private final String name;

  private TestTap(Fd fd, String name) {
    this.fd = fd;
    this.name = name;
  }

  public static TestTap create(String name) throws IOException {
    Fd fd = Fd.open("/dev/net/tun");
    try {
      fd.ioctl("TUNSETIFF", TUNSETIFF, Interfaces.request(name, TAP_NO_PI_VNET_HDR));
      return new TestTap(fd, name);
    } catch (IOException e) {
      fd.close();
      throw e;
    }
  }

  public String name() {
    return name;
  }

  /** Lets it have checksum, TCPv4 and TCPv6 segmentation, as a VMM does for its guest. */
  public void offload() throws IOException {
    fd.ioctl("TUNSETOFFLOAD", TUNSETOFFLOAD, 1L | 2 | 4);
  }

  /** Gives it another name; it must be down. */
  public void rename(String other) throws IOException {
    NativeMemory request = Interfaces.request(name, 0);
    request.put(Interfaces.IFREQ_FLAGS, other.getBytes(StandardCharsets.US_ASCII));
    try (Fd socket = Interfaces.socket("test")) {
      socket.ioctl("SIOCSIFNAME", SIOCSIFNAME, request);
    }
  }

  @Override
  public void close() throws IOException {
    fd.close();
  }
}
