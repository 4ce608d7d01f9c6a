package org.vhostwatch.drill;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One Ethernet frame with IPv4 and TCP headers, led by the virtio_net_hdr that a packet socket
 * wants (10 bytes, native byte order). Above 1514 bytes it is a TCPv4 super-packet as GRO builds
 * them: the TCP checksum is left to the receiver and covers the pseudo header only.
 *
 * <p>Addresses are from TEST-NET-1 (RFC 5737) and locally administered, so that a frame that got
 * out would hit nobody.
 */
final class TcpFrame {
  /** Largest frame that is not segmented: Ethernet header and an MTU of 1500. */
  static final int MAX_PLAIN_BYTES = 1514;

  /** Size in bytes of the virtio_net_hdr before the frame. */
  static final int VNET_BYTES = 10;

  /** Payload bytes of one segment: 1500 less the IPv4 header and the TCP header with its option. */
  static final int GSO_SIZE = 1448;

  private static final int ETHERNET_BYTES = 14;
  private static final int IPV4_BYTES = 20;
  private static final int TCP_BYTES = 32;
  private static final int HEADER_BYTES = ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES;
  private static final int TCP_CHECKSUM_OFFSET = 16;

  /** Smallest frame: the headers and one byte of payload. */
  static final int MIN_BYTES = HEADER_BYTES + 1;

  /** Largest frame: the total length of IPv4 has 16 bits. */
  static final int MAX_BYTES = ETHERNET_BYTES + 0xffff;

  private static final byte[] GUEST_MAC = {0x02, 'v', 'w', 'd', 0, 2};
  private static final byte[] HOST_MAC = {0x02, 'v', 'w', 'd', 0, 1};
  private static final int HOST_ADDRESS = 0xc0000201;
  private static final int GUEST_ADDRESS = 0xc0000202;
  private static final byte NEEDS_CSUM = 1;
  private static final byte GSO_NONE = 0;
  private static final byte GSO_TCPV4 = 1;
  private static final byte TCP = 6;

  private TcpFrame() {}

  /**
   * Returns virtio_net_hdr and frame.
   *
   * @param frameBytes length of the frame without the virtio_net_hdr, {@link #MIN_BYTES} to {@link
   *     #MAX_BYTES}
   * @throws IllegalArgumentException if it is outside of that range
   */
  static byte[] build(int frameBytes) {
    if (frameBytes < MIN_BYTES || frameBytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "a frame has %d to %d bytes: %d".formatted(MIN_BYTES, MAX_BYTES, frameBytes));
    }
    ByteBuffer frame = ByteBuffer.allocate(VNET_BYTES + frameBytes);
    boolean gso = frameBytes > MAX_PLAIN_BYTES;
    frame.order(ByteOrder.nativeOrder());
    frame.put(NEEDS_CSUM).put(gso ? GSO_TCPV4 : GSO_NONE);
    frame.putShort((short) HEADER_BYTES).putShort((short) (gso ? GSO_SIZE : 0));
    frame.putShort((short) (ETHERNET_BYTES + IPV4_BYTES)).putShort((short) TCP_CHECKSUM_OFFSET);

    frame.order(ByteOrder.BIG_ENDIAN);
    frame.put(GUEST_MAC).put(HOST_MAC).putShort((short) 0x0800);
    putIpv4(frame, frameBytes - ETHERNET_BYTES);
    putTcp(frame, frameBytes - ETHERNET_BYTES - IPV4_BYTES);
    while (frame.hasRemaining()) {
      frame.put((byte) frame.position());
    }
    return frame.array();
  }

  private static void putIpv4(ByteBuffer frame, int totalBytes) {
    int start = frame.position();
    frame.put((byte) 0x45).put((byte) 0).putShort((short) totalBytes);
    frame.putShort((short) 0x7677).putShort((short) 0x4000); // identification; do not fragment
    frame.put((byte) 64).put(TCP).putShort((short) 0);
    frame.putInt(HOST_ADDRESS).putInt(GUEST_ADDRESS);
    frame.putShort(start + 10, (short) ~fold(sum(frame, start, IPV4_BYTES)));
  }

  private static void putTcp(ByteBuffer frame, int segmentBytes) {
    int start = frame.position();
    frame.putShort((short) 5001).putShort((short) 5001).putInt(1).putInt(1);
    frame.put((byte) ((TCP_BYTES / 4) << 4)).put((byte) 0x10); // data offset; ACK
    frame.putShort((short) 0xffff).putShort((short) 0).putShort((short) 0);
    frame.putInt(0x0101080a).putInt(1).putInt(1); // two NOPs and the time stamp option
    long pseudo =
        (HOST_ADDRESS >>> 16)
            + (HOST_ADDRESS & 0xffffL)
            + (GUEST_ADDRESS >>> 16)
            + (GUEST_ADDRESS & 0xffffL)
            + TCP
            + segmentBytes;
    frame.putShort(start + TCP_CHECKSUM_OFFSET, (short) fold(pseudo));
  }

  private static long sum(ByteBuffer bytes, int start, int length) {
    long sum = 0;
    for (int i = 0; i < length; i += 2) {
      sum += bytes.getShort(start + i) & 0xffff;
    }
    return sum;
  }

  /** Adds the carries of a one's complement sum, to 16 bits (RFC 1071). */
  private static int fold(long sum) {
    long folded = sum;
    while (folded >>> 16 != 0) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return (int) folded;
  }
}
