package org.vhostwatch.drill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vhostwatch.drill.RxRing.Harvest;
import org.vhostwatch.libc.NativeMemory;

/** The guest's side against a device that this test plays in the same memory. */
@SuppressWarnings("NullAway.Init")
class RxRingTest {
  private static final DrillFeatures PLAIN = new DrillFeatures(true, false, false);
  private static final DrillFeatures IN_ORDER = new DrillFeatures(true, true, false);
  private static final DrillFeatures EVENT_IDX = new DrillFeatures(true, false, true);
  private static final int SIZE = 16;

  private GuestMemory guest;
  private NativeMemory memory;
  private RingLayout layout;
  private int used;

  @BeforeEach
  void map() throws IOException {
    guest = GuestMemory.map(SIZE, 256);
    memory = guest.memory();
    layout = guest.rx();
  }

  @AfterEach
  void unmap() throws IOException {
    guest.close();
  }

  @Test
  void postedBufferIsWritableAndAtItsGuestAddress() {
    RxRing ring = new RxRing(guest, PLAIN);
    ring.post(3);
    assertThat(memory.getU16(layout.availableIndex())).isEqualTo(3);
    assertThat(memory.getU16(layout.availableHead(2))).isEqualTo(2);
    assertThat(memory.getLong(layout.descriptor(2)))
        .isEqualTo(GuestMemory.GUEST_BASE + guest.buffer(2));
    assertThat(memory.getInt(layout.descriptor(2) + 8)).isEqualTo(256);
    assertThat(memory.getU16(layout.descriptor(2) + 12)).as("VIRTQ_DESC_F_WRITE").isEqualTo(2);
    assertThat(ring.posted()).isEqualTo(3);
  }

  @Test
  void neverPostsMoreThanTheRingHolds() {
    RxRing ring = new RxRing(guest, PLAIN);
    ring.post(10);
    ring.post(Integer.MAX_VALUE);
    assertThat(ring.outstanding()).isEqualTo(SIZE);
    assertThat(ring.post(1)).as("nothing posted, no kick").isFalse();
    assertThat(memory.getU16(layout.availableIndex())).isEqualTo(SIZE);
  }

  @Test
  void harvestCountsPacketsThatSpanBuffers() throws IOException {
    RxRing ring = new RxRing(guest, PLAIN);
    ring.post(SIZE);
    use(5);
    use(1);
    assertThat(ring.usedIndex()).isEqualTo(6);
    assertThat(ring.harvest()).isEqualTo(new Harvest(6, 2, 5));
    assertThat(ring.harvest()).isEqualTo(new Harvest(0, 0, 0));
    assertThat(ring.outstanding()).isEqualTo(10);
  }

  @Test
  void withoutMergeableBuffersEachOneIsAPacket() throws IOException {
    RxRing ring = new RxRing(guest, new DrillFeatures(false, false, false));
    ring.post(4);
    use(2);
    assertThat(ring.harvest()).isEqualTo(new Harvest(2, 2, 1));
  }

  @Test
  void indicesGoOnAcrossTheWrapAt65536() throws IOException {
    RxRing ring = new RxRing(guest, PLAIN);
    long taken = 0;
    ring.post(SIZE);
    // 3 and 5 do not divide 65536: the wrap falls inside of a packet once in a while.
    for (int i = 0; taken < 3 * 65_536; i++) {
      use(i % 2 == 0 ? 3 : 5);
      Harvest harvest = ring.harvest();
      taken += harvest.buffers();
      ring.post(harvest.buffers());
      assertThat(ring.posted()).isEqualTo(SIZE);
    }
    assertThat(memory.getU16(layout.availableIndex())).isEqualTo((taken + SIZE) & 0xffff);
  }

  @Test
  void bufferOutOfOrderIsAnError() {
    RxRing ring = new RxRing(guest, PLAIN);
    ring.post(4);
    use(1);
    memory.putInt(layout.usedElement(0), 7);
    assertThatThrownBy(ring::harvest)
        .isInstanceOf(IOException.class)
        .hasMessage("the device used buffer 7, slot 0 was next");
  }

  @Test
  void inOrderDeviceMayWriteTheLastElementOnly() throws IOException {
    RxRing ring = new RxRing(guest, IN_ORDER);
    ring.post(4);
    use(1);
    use(2);
    memory.putInt(layout.usedElement(0), 99);
    assertThat(ring.harvest()).isEqualTo(new Harvest(3, 2, 2));
  }

  @Test
  void packetLongerThanWhatIsUsedIsAnError() {
    RxRing ring = new RxRing(guest, PLAIN);
    ring.post(4);
    use(2);
    memory.putU16(guest.buffer(0) + 10, 3);
    assertThatThrownBy(ring::harvest).hasMessageContaining("says it has 3 buffers, 2 are used");
  }

  @Test
  void deviceThatWantsNoKickGetsNone() {
    RxRing ring = new RxRing(guest, PLAIN);
    assertThat(ring.post(1)).isTrue();
    memory.putU16(layout.used(), 1);
    assertThat(ring.post(1)).isFalse();
  }

  @Test
  void withEventIdxTheKickComesWhenTheEventIsPassed() throws IOException {
    RxRing ring = new RxRing(guest, EVENT_IDX);
    memory.putU16(layout.availableEvent(), 5);
    assertThat(ring.post(5)).as("0 to 5, event 5 not passed").isFalse();
    assertThat(ring.post(1)).as("5 to 6 passes it").isTrue();
    assertThat(ring.post(1)).isFalse();
    use(2);
    ring.harvest();
    assertThat(memory.getU16(layout.usedEvent())).as("call me at the next one").isEqualTo(2);
  }

  /** Plays the device: uses the next {@code buffers} buffers for one packet. */
  private void use(int buffers) {
    int first = layout.slot(used);
    memory.putU16(guest.buffer(first) + 10, buffers);
    for (int i = 0; i < buffers; i++) {
      int slot = layout.slot(used + i);
      memory.putInt(layout.usedElement(slot), memory.getU16(layout.availableHead(slot)));
      memory.putInt(layout.usedElement(slot) + 4, 256);
    }
    used = used + buffers & 0xffff;
    memory.putU16(layout.usedIndex(), used);
  }
}
