package org.vhostwatch.libc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A Unix datagram socket that listens, as a service manager has one. */
public final class DatagramReceiver implements AutoCloseable {
  private static final int SOL_SOCKET = 1;
  private static final int SO_RCVTIMEO = 20;

  private final Fd fd;

  /**
   * @param address a path, or {@code @} and an abstract name
   */
  public DatagramReceiver(String address) throws IOException {
    byte[] name = address.getBytes(StandardCharsets.UTF_8);
    if (name[0] == '@') {
      name[0] = 0;
    }
    CLibrary libc = Native.libc();
    fd = new Fd((int) Native.check(libc.socket(1, 2 | 0x80000, 0), "socket", address), address);
    NativeMemory bound = NativeMemory.allocate(2 + name.length);
    bound.putU16(0, 1);
    bound.put(2, name);
    Native.check(libc.bind(fd.number(), bound.pointer(), 2 + name.length), "bind", address);
    timeout(5);
  }

  /** Sets how long {@link #receive} waits at most. */
  public void timeout(int seconds) throws IOException {
    NativeMemory timeval = NativeMemory.allocate(16);
    timeval.putLong(0, seconds);
    Native.check(
        Native.libc().setsockopt(fd.number(), SOL_SOCKET, SO_RCVTIMEO, timeval.pointer(), 16),
        "setsockopt",
        "SO_RCVTIMEO");
  }

  /** Returns the next datagram. */
  public String receive() throws IOException {
    NativeMemory buffer = NativeMemory.allocate(4096);
    int length = fd.read(buffer);
    return new String(buffer.get(0, length), StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    fd.close();
  }
}
