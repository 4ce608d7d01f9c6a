package org.vhostwatch.drill;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.libc.Errno;
import org.vhostwatch.libc.Fd;
import org.vhostwatch.libc.Interfaces;
import org.vhostwatch.libc.LibcException;
import org.vhostwatch.libc.NativeMemory;

/** A tap of our own: with offloads, without IPv6, not persistent (it goes with its descriptor). */
final class Tap implements AutoCloseable {
  private static final Path INTERFACES = Path.of("/sys/class/net");
  private static final int MAX_NUMBER = 1000;

  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final long TUNSETVNETHDRSZ = 0x400454d8L;
  private static final int IFF_TAP = 0x0002;
  private static final int IFF_NO_PI = 0x1000;
  private static final int IFF_VNET_HDR = 0x4000;

  /** Refuse an interface that exists, should one appear between our look and our request. */
  private static final int IFF_TUN_EXCL = 0x8000;

  /** Checksum, TCPv4 and TCPv6 segmentation are left to the guest: super-packets come whole. */
  private static final long OFFLOADS = 1 | 2 | 4;

  private final Fd fd;
  private final String name;
  private final int index;

  private Tap(Fd fd, String name, int index) {
    this.fd = fd;
    this.name = name;
    this.index = index;
  }

  /**
   * Refuses a name that is taken.
   *
   * @throws DrillException (usage) if an interface of that name exists
   */
  static void requireFree(String name) throws DrillException {
    if (Files.exists(INTERFACES.resolve(name))) {
      throw DrillException.usage(
          "interface " + name + " exists: the drill uses only a tap that it creates");
    }
  }

  /**
   * Creates a tap; it stays down.
   *
   * @param name its name; null for the first free of vwdrill0, vwdrill1, ...
   * @throws DrillException if the name is taken, or there is no tun driver or no permission
   */
  static Tap create(@Nullable String name) throws IOException {
    if (name != null) {
      return create(name, true);
    }
    for (int i = 0; i < MAX_NUMBER; i++) {
      String candidate = "vwdrill" + i;
      if (!Files.exists(INTERFACES.resolve(candidate))) {
        return create(candidate, false);
      }
    }
    throw DrillException.usage("vwdrill0 to vwdrill999 all exist: name a tap");
  }

  private static Tap create(String name, boolean given) throws IOException {
    if (given) {
      requireFree(name);
    }
    Fd fd = Devices.open("/dev/net/tun", "tun");
    try {
      int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL;
      setInterface(fd, name, flags);
      NativeMemory headerSize = NativeMemory.allocate(4);
      headerSize.putInt(0, DrillOptions.HEADER_BYTES);
      fd.ioctl("TUNSETVNETHDRSZ", TUNSETVNETHDRSZ, headerSize);
      fd.ioctl("TUNSETOFFLOAD", TUNSETOFFLOAD, OFFLOADS);
      withoutIpv6(name);
      return new Tap(fd, name, Interfaces.index(name));
    } catch (IOException | RuntimeException e) {
      try {
        fd.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  String name() {
    return name;
  }

  /** Returns the interface index, 1 or more. */
  int index() {
    return index;
  }

  /** Returns the descriptor number, the backend of a vhost queue. */
  int descriptor() {
    return fd.number();
  }

  /** Sets it up, so that frames can be sent to it. */
  void up() throws IOException {
    Interfaces.up(name);
  }

  @Override
  public void close() throws IOException {
    fd.close();
  }

  private static void setInterface(Fd fd, String name, int flags) throws IOException {
    try {
      fd.ioctl("TUNSETIFF", TUNSETIFF, Interfaces.request(name, flags));
    } catch (LibcException e) {
      throw switch (e.errno()) {
        case Errno.EBUSY ->
            DrillException.usage(
                "interface " + name + " exists: the drill uses only a tap that it creates");
        case Errno.EPERM, Errno.EACCES ->
            DrillException.cannotRun(
                "not permitted to create tap " + name + ": run as root (CAP_NET_ADMIN)", e);
        default -> e;
      };
    }
  }

  /**
   * Turns IPv6 off on this interface alone: neighbour discovery would take one to three of the few
   * buffers. Without IPv6 in the kernel there is nothing to turn off; when it cannot be done the
   * drill still works, as it tops the buffers up before the onset.
   */
  private static void withoutIpv6(String name) {
    Path switchFile = Path.of("/proc/sys/net/ipv6/conf", name, "disable_ipv6");
    try {
      if (Files.exists(switchFile)) {
        Files.writeString(switchFile, "1");
      }
    } catch (IOException e) {
      // Said above: worth a try, not worth a failure.
    }
  }
}
