package org.vhostwatch.libc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Network interfaces: index, name, MTU, and bringing one up. */
public final class Interfaces {
  /** Longest name of an interface in bytes (IFNAMSIZ less the closing zero). */
  public static final int MAX_NAME = 15;

  /** Size of struct ifreq in bytes on 64-bit Linux. */
  public static final int IFREQ_SIZE = 40;

  /** Where the flags (16 bits) stand in a struct ifreq. */
  public static final int IFREQ_FLAGS = 16;

  private static final int AF_INET = 2;
  private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
  private static final long SIOCGIFNAME = 0x8910;
  private static final long SIOCGIFFLAGS = 0x8913;
  private static final long SIOCSIFFLAGS = 0x8914;
  private static final long SIOCGIFMTU = 0x8921;
  private static final long SIOCGIFINDEX = 0x8933;
  private static final int IFF_UP = 1;

  private Interfaces() {}

  /**
   * Returns the index of an interface, 1 or more.
   *
   * @throws LibcException if there is none of that name
   */
  public static int index(String name) throws IOException {
    int index = Native.libc().if_nametoindex(name);
    return (int) Native.check(index == 0 ? -1 : index, "if_nametoindex", name);
  }

  /**
   * Makes a datagram socket in the network namespace of the calling thread.
   *
   * @param purpose what it is for, for messages
   * @return the socket; the caller closes it
   */
  public static Fd socket(String purpose) throws IOException {
    long number =
        Native.check(Native.libc().socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), "socket", "AF_INET");
    return new Fd((int) number, "socket for " + purpose);
  }

  /**
   * Returns the index, 1 or more, of an interface in the namespace of a socket.
   *
   * @throws LibcException if there is none of that name ({@link Errno#ENODEV})
   */
  public static int index(Fd socket, String name) throws IOException {
    NativeMemory request = request(name, 0);
    socket.ioctl("SIOCGIFINDEX of " + name, SIOCGIFINDEX, request);
    return request.getInt(IFREQ_FLAGS);
  }

  /**
   * Returns the name of the interface with an index, in the namespace of a socket.
   *
   * @throws LibcException if there is none of that index ({@link Errno#ENODEV})
   */
  public static String name(Fd socket, int index) throws IOException {
    NativeMemory request = NativeMemory.allocate(IFREQ_SIZE);
    request.putInt(IFREQ_FLAGS, index);
    socket.ioctl("SIOCGIFNAME of index " + index, SIOCGIFNAME, request);
    byte[] bytes = request.get(0, MAX_NAME);
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  /**
   * Returns the largest packet, in bytes without its Ethernet header, that an interface sends.
   *
   * @throws LibcException if there is none of that name ({@link Errno#ENODEV})
   */
  public static int mtu(Fd socket, String name) throws IOException {
    NativeMemory request = request(name, 0);
    socket.ioctl("SIOCGIFMTU of " + name, SIOCGIFMTU, request);
    return request.getInt(IFREQ_FLAGS);
  }

  /**
   * Sets an interface up (netdevice(7), SIOCSIFFLAGS); its other flags stay.
   *
   * @throws LibcException if there is none of that name or CAP_NET_ADMIN is missing
   */
  public static void up(String name) throws IOException {
    try (Fd socket = socket(name)) {
      NativeMemory request = request(name, 0);
      socket.ioctl("SIOCGIFFLAGS", SIOCGIFFLAGS, request);
      request.putU16(IFREQ_FLAGS, request.getU16(IFREQ_FLAGS) | IFF_UP);
      socket.ioctl("SIOCSIFFLAGS", SIOCSIFFLAGS, request);
    }
  }

  /**
   * Returns a struct ifreq with a name and flags.
   *
   * @param name at most {@link #MAX_NAME} bytes
   * @param flags 16 bits
   * @throws IllegalArgumentException if the name is empty or too long
   */
  public static NativeMemory request(String name, int flags) throws IOException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0 || bytes.length > MAX_NAME) {
      throw new IllegalArgumentException(
          "an interface name has 1 to " + MAX_NAME + " bytes: '" + name + "'");
    }
    NativeMemory request = NativeMemory.allocate(IFREQ_SIZE);
    request.put(0, bytes);
    request.putU16(IFREQ_FLAGS, flags);
    return request;
  }
}
