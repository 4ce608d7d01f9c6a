package org.vhostwatch.libc;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;

/** Sends datagrams to a Unix socket, which Java 17 cannot (it knows streams only). */
public final class UnixDatagram {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;

  /** struct sockaddr_un: two bytes of family, then the name. */
  private static final int NAME = 2;

  /** Bytes of sun_path; a path needs one of them for its end. */
  private static final int MAX_NAME = 108;

  private UnixDatagram() {}

  /**
   * Sends one datagram, without waiting for room at the receiver.
   *
   * @param address absolute path of a socket, or {@code @} and an abstract name
   * @param message the whole datagram
   * @throws IllegalArgumentException if {@code address} is no such address
   * @throws LibcException if nobody listens there, its queue is full, or sending is not allowed
   */
  public static void send(String address, byte[] message) throws IOException {
    byte[] name = name(address);
    NativeMemory target = NativeMemory.allocate(NAME + name.length);
    target.putU16(0, AF_UNIX);
    target.put(NAME, name);
    NativeMemory content = NativeMemory.allocate(Math.max(1, message.length));
    content.put(0, message);
    CLibrary libc = Native.libc();
    long number =
        Native.check(libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", "AF_UNIX");
    try (Fd fd = new Fd((int) number, "datagram socket")) {
      // The length is exact: of an abstract name every byte counts, trailing zeros too.
      int length = NAME + name.length;
      Native.check(libc.connect(fd.number(), target.pointer(), length), "connect", address);
      int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      Native.check(
          libc.send(fd.number(), content.pointer(), message.length, flags), "send", address);
    } finally {
      Reference.reachabilityFence(target);
      Reference.reachabilityFence(content);
    }
  }

  private static byte[] name(String address) {
    byte[] name = address.getBytes(StandardCharsets.UTF_8);
    boolean isAbstract = address.startsWith("@");
    if ((!isAbstract && !address.startsWith("/"))
        || name.length < 2
        || name.length > (isAbstract ? MAX_NAME : MAX_NAME - 1)) {
      throw new IllegalArgumentException(
          "'" + address + "' is no address of a Unix socket: a path or @NAME is, up to 107 bytes");
    }
    if (isAbstract) {
      name[0] = 0;
    }
    return name;
  }
}
