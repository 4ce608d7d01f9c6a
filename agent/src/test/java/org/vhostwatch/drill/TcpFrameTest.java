package org.vhostwatch.drill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class TcpFrameTest {
  private static final int ETHERNET = TcpFrame.VNET_BYTES;
  private static final int IPV4 = ETHERNET + 14;
  private static final int TCP = IPV4 + 20;

  @Test
  void superPacketAsksForSegmentationInTheVirtioHeader() {
    ByteBuffer frame = ByteBuffer.wrap(TcpFrame.build(60_366)).order(ByteOrder.nativeOrder());
    assertThat(frame.capacity()).isEqualTo(10 + 60_366);
    assertThat(frame.get(0)).as("flags: NEEDS_CSUM").isEqualTo((byte) 1);
    assertThat(frame.get(1)).as("gso_type: TCPV4").isEqualTo((byte) 1);
    assertThat(frame.getShort(2)).as("hdr_len").isEqualTo((short) 66);
    assertThat(frame.getShort(4)).as("gso_size").isEqualTo((short) 1448);
    assertThat(frame.getShort(6)).as("csum_start").isEqualTo((short) 34);
    assertThat(frame.getShort(8)).as("csum_offset").isEqualTo((short) 16);
  }

  @Test
  void frameOfTheMtuIsNotSegmented() {
    byte[] plain = TcpFrame.build(1514);
    assertThat(plain).hasSize(1524);
    assertThat(plain[1]).as("gso_type").isZero();
    assertThat(plain[4] | plain[5]).as("gso_size").isZero();
    assertThat(TcpFrame.build(1515)[1]).isEqualTo((byte) 1);
  }

  @Test
  void ethernetHeaderCarriesIpv4() {
    ByteBuffer frame = ByteBuffer.wrap(TcpFrame.build(100));
    assertThat(frame.get(ETHERNET)).as("destination is unicast, local").isEqualTo((byte) 2);
    assertThat(frame.getShort(ETHERNET + 12)).isEqualTo((short) 0x0800);
  }

  @Test
  void ipv4HeaderHasLengthAndChecksum() {
    for (int length : new int[] {TcpFrame.MIN_BYTES, 1514, 9014, 60_366, TcpFrame.MAX_BYTES}) {
      ByteBuffer frame = ByteBuffer.wrap(TcpFrame.build(length));
      assertThat(frame.get(IPV4)).isEqualTo((byte) 0x45);
      assertThat(frame.getShort(IPV4 + 2) & 0xffff).isEqualTo(length - 14);
      assertThat(onesComplement(frame, IPV4, 20))
          .as("a right header sums to ffff")
          .isEqualTo(0xffff);
    }
  }

  @Test
  void tcpChecksumIsThatOfThePseudoHeader() {
    ByteBuffer frame = ByteBuffer.wrap(TcpFrame.build(60_366));
    ByteBuffer pseudo = ByteBuffer.allocate(12);
    pseudo.put(frame.slice(IPV4 + 12, 8)).put((byte) 0).put((byte) 6);
    pseudo.putShort((short) (60_366 - 14 - 20));
    assertThat(frame.getShort(TCP + 16) & 0xffff).isEqualTo(onesComplement(pseudo, 0, 12));
    assertThat(frame.get(TCP + 12)).as("data offset: 32 bytes").isEqualTo((byte) 0x80);
  }

  @Test
  void lengthOutsideOfTheRangeIsRefused() {
    assertThatThrownBy(() -> TcpFrame.build(66)).hasMessage("a frame has 67 to 65549 bytes: 66");
    assertThatThrownBy(() -> TcpFrame.build(65_550)).hasMessageContaining("65550");
  }

  private static int onesComplement(ByteBuffer bytes, int start, int length) {
    int sum = 0;
    for (int i = start; i < start + length; i += 2) {
      sum += bytes.getShort(i) & 0xffff;
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }
}
