package org.vhostwatch.drill;

/**
 * Where the parts of a split virtqueue lie in a memory region (virtio 1.2, 2.7): offsets in bytes.
 *
 * @param size descriptors in the ring
 * @param descriptors descriptor table: 16 bytes each
 * @param available available ring: flags, index, {@code size} heads, used_event
 * @param used used ring: flags, index, {@code size} pairs of id and length, avail_event
 * @param end first byte after the ring
 */
record RingLayout(int size, long descriptors, long available, long used, long end) {
  private static final int DESCRIPTOR_BYTES = 16;
  private static final int USED_ELEMENT_BYTES = 8;

  /**
   * Lays a ring out.
   *
   * @param size a power of two, 2 to 32768
   * @param start offset of the descriptor table, a multiple of 16
   * @throws IllegalArgumentException if either is not so
   */
  static RingLayout at(long start, int size) {
    if (size < 2 || size > 32_768 || Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException("a ring has a power of two of 2 to 32768: " + size);
    }
    if (start < 0 || start % DESCRIPTOR_BYTES != 0) {
      throw new IllegalArgumentException("a ring starts at a multiple of 16: " + start);
    }
    long available = start + (long) DESCRIPTOR_BYTES * size;
    long used = (available + 6 + 2L * size + 3) / 4 * 4;
    return new RingLayout(
        size, start, available, used, used + 6 + (long) USED_ELEMENT_BYTES * size);
  }

  /** Returns the slot of a free-running 16-bit index. */
  int slot(int index) {
    return index & (size - 1);
  }

  long descriptor(int slot) {
    return descriptors + (long) DESCRIPTOR_BYTES * slot;
  }

  long availableIndex() {
    return available + 2;
  }

  long availableHead(int slot) {
    return available + 4 + 2L * slot;
  }

  long usedEvent() {
    return availableHead(size);
  }

  long usedIndex() {
    return used + 2;
  }

  long usedElement(int slot) {
    return used + 4 + (long) USED_ELEMENT_BYTES * slot;
  }

  long availableEvent() {
    return usedElement(size);
  }
}
