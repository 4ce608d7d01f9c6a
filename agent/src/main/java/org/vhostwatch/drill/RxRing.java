package org.vhostwatch.drill;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import org.vhostwatch.libc.NativeMemory;

/**
 * The guest's side of a receive ring: posts buffers and takes them back. One thread at a time.
 *
 * <p>The buffer of slot n always belongs to descriptor n, and buffers are posted in the order of
 * the slots. vhost_net uses them in that order with or without VIRTIO_F_IN_ORDER, so one running
 * index for each direction is the whole state. Indices are free-running and wrap at 65536.
 */
final class RxRing {
  private static final int INDEX_MASK = 0xffff;
  private static final int DESC_F_WRITE = 2;
  private static final int USED_F_NO_NOTIFY = 1;
  private static final int NUM_BUFFERS_OFFSET = 10;

  private final GuestMemory guest;
  private final NativeMemory memory;
  private final RingLayout layout;
  private final DrillFeatures features;
  private int available;
  private int seen;

  RxRing(GuestMemory guest, DrillFeatures features) {
    this.guest = guest;
    this.memory = guest.memory();
    this.layout = guest.rx();
    this.features = features;
  }

  /**
   * What {@link #harvest} took back.
   *
   * @param buffers number of buffers
   * @param packets number of packets in them
   * @param largest buffers of the largest packet; 0 when there was none
   */
  record Harvest(int buffers, int packets, int largest) {}

  /**
   * Posts up to {@code count} buffers, fewer when the ring is full.
   *
   * @return whether the device wants to be kicked for it
   */
  boolean post(int count) {
    int before = available;
    int number = Math.min(count, layout.size() - outstanding());
    for (int i = 0; i < number; i++) {
      int slot = layout.slot(available + i);
      long descriptor = layout.descriptor(slot);
      memory.putLong(descriptor, guest.guestAddress(guest.buffer(slot)));
      memory.putInt(descriptor + 8, guest.bufferBytes());
      memory.putU16(descriptor + 12, DESC_F_WRITE);
      memory.putU16(descriptor + 14, 0);
      memory.putU16(layout.availableHead(slot), slot);
    }
    // The device must see descriptors and heads before the index that covers them.
    VarHandle.fullFence();
    available = available + number & INDEX_MASK;
    memory.putU16(layout.availableIndex(), available);
    // The index must be out before we read whether the device wants a kick.
    VarHandle.fullFence();
    return number > 0 && wantsKick(before);
  }

  /** Returns how far the device has come: its used index, 0 to 65535. */
  int usedIndex() {
    VarHandle.fullFence();
    return memory.getU16(layout.usedIndex());
  }

  /** Returns how many buffers are posted and not used yet. */
  int posted() {
    return available - usedIndex() & INDEX_MASK;
  }

  /**
   * Takes back all buffers that the device has used, and asks for a call at the next one.
   *
   * @throws IOException if the device used another buffer than the next one
   */
  Harvest harvest() throws IOException {
    int buffers = 0;
    int packets = 0;
    int largest = 0;
    int used = usedIndex();
    while (seen != used) {
      VarHandle.fullFence();
      while (seen != used) {
        int length = packetAt(layout.slot(seen), used - seen & INDEX_MASK);
        packets++;
        buffers += length;
        largest = Math.max(largest, length);
        seen = seen + length & INDEX_MASK;
      }
      if (features.eventIdx()) {
        memory.putU16(layout.usedEvent(), seen);
      }
      // What the device used before it could see this event index, it does not call for: look
      // again.
      used = usedIndex();
    }
    return new Harvest(buffers, packets, largest);
  }

  /** Returns the number of buffers of the packet that starts at a slot, at most {@code limit}. */
  private int packetAt(int slot, int limit) throws IOException {
    checkOrder(slot);
    if (!features.mergeable()) {
      return 1;
    }
    int length = memory.getU16(guest.buffer(slot) + NUM_BUFFERS_OFFSET);
    if (length < 1 || length > limit) {
      throw new IOException(
          "packet at slot %d says it has %d buffers, %d are used".formatted(slot, length, limit));
    }
    return length;
  }

  /** Returns how many buffers are with the device, or used and not taken back. */
  int outstanding() {
    return available - seen & INDEX_MASK;
  }

  // In order the device writes one element per batch only: the others are not there to be checked.
  private void checkOrder(int slot) throws IOException {
    int id = memory.getInt(layout.usedElement(slot));
    if (!features.inOrder() && id != slot) {
      throw new IOException("the device used buffer %d, slot %d was next".formatted(id, slot));
    }
  }

  private boolean wantsKick(int before) {
    if (features.eventIdx()) {
      int event = memory.getU16(layout.availableEvent());
      // vring_need_event of virtio 1.2, 2.7.10: was the event index passed by this step?
      return (available - event - 1 & INDEX_MASK) < (available - before & INDEX_MASK);
    }
    return (memory.getU16(layout.used()) & USED_F_NO_NOTIFY) == 0;
  }
}
