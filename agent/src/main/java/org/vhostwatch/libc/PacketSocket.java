package org.vhostwatch.libc;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteOrder;

/**
 * Sends raw frames out of one interface, each led by a virtio_net_hdr (10 bytes), so that a frame
 * may be a GSO super-packet (packet(7), PACKET_VNET_HDR). It receives nothing that it sends itself.
 */
public final class PacketSocket implements AutoCloseable {
  private static final int AF_PACKET = 17;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOL_PACKET = 263;
  private static final int PACKET_VNET_HDR = 15;
  private static final int MSG_DONTWAIT = 0x40;

  /** Not ETH_P_ALL: such a socket would get a copy of each frame that it sends. */
  private static final int ETH_P_IP = 0x0800;

  private static final int SOCKADDR_LL_SIZE = 20;
  private static final int SLL_PROTOCOL = 2;
  private static final int SLL_IFINDEX = 4;

  private final Fd fd;

  private PacketSocket(Fd fd) {
    this.fd = fd;
  }

  /**
   * Opens a socket bound to an interface.
   *
   * @param interfaceName its name
   * @throws LibcException if the interface does not exist or CAP_NET_RAW is missing
   */
  public static PacketSocket open(String interfaceName) throws IOException {
    int index = Interfaces.index(interfaceName);
    int type = SOCK_RAW | SOCK_CLOEXEC;
    // Protocol 0: nothing is received between socket and bind.
    long number = Native.check(Native.libc().socket(AF_PACKET, type, 0), "socket", "AF_PACKET");
    Fd fd = new Fd((int) number, "packet socket on " + interfaceName);
    try {
      NativeMemory on = NativeMemory.allocate(4);
      on.putInt(0, 1);
      setOption(fd, on);
      NativeMemory address = NativeMemory.allocate(SOCKADDR_LL_SIZE);
      address.putU16(0, AF_PACKET);
      address.putU16(SLL_PROTOCOL, bigEndian(ETH_P_IP));
      address.putInt(SLL_IFINDEX, index);
      bind(fd, address, interfaceName);
      return new PacketSocket(fd);
    } catch (IOException | RuntimeException e) {
      try {
        fd.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /**
   * Sends one frame without waiting for room.
   *
   * @param frame virtio_net_hdr of 10 bytes, then the Ethernet frame
   * @param length bytes of {@code frame} that count
   * @return false when the queue of the interface or the buffer of the socket is full
   * @throws LibcException for every other failure, a down interface among them
   */
  public boolean send(NativeMemory frame, int length) throws IOException {
    try {
      long sent = Native.libc().send(fd.number(), frame.pointer(), length, MSG_DONTWAIT);
      Native.check(sent, "send", length + " bytes to " + fd);
      return true;
    } catch (LibcException e) {
      if (e.errno() == Errno.EAGAIN || e.errno() == Errno.ENOBUFS) {
        return false;
      }
      throw e;
    } finally {
      Reference.reachabilityFence(frame);
    }
  }

  @Override
  public void close() throws IOException {
    fd.close();
  }

  private static void setOption(Fd fd, NativeMemory value) throws IOException {
    try {
      Native.check(
          Native.libc().setsockopt(fd.number(), SOL_PACKET, PACKET_VNET_HDR, value.pointer(), 4),
          "setsockopt",
          "PACKET_VNET_HDR");
    } finally {
      Reference.reachabilityFence(value);
    }
  }

  private static void bind(Fd fd, NativeMemory address, String interfaceName) throws IOException {
    try {
      Native.check(
          Native.libc().bind(fd.number(), address.pointer(), SOCKADDR_LL_SIZE),
          "bind",
          interfaceName);
    } finally {
      Reference.reachabilityFence(address);
    }
  }

  private static int bigEndian(int value) {
    return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN
        ? value
        : Short.reverseBytes((short) value);
  }
}
