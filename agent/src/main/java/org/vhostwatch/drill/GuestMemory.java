package org.vhostwatch.drill;

import java.io.IOException;
import org.vhostwatch.libc.NativeMemory;

/**
 * The memory of the guest: one mapping with the two rings and one receive buffer per descriptor.
 * Bounded by the ranges of {@link DrillOptions}: 64 MiB and two rings.
 */
final class GuestMemory implements AutoCloseable {
  /** Where the guest believes that its memory starts; differs from our address on purpose. */
  static final long GUEST_BASE = 0x10_0000;

  private static final long PAGE = 4096;

  private final NativeMemory memory;
  private final RingLayout rx;
  private final RingLayout tx;
  private final long buffers;
  private final int bufferBytes;

  private GuestMemory(
      NativeMemory memory, RingLayout rx, RingLayout tx, long buffers, int bufferBytes) {
    this.memory = memory;
    this.rx = rx;
    this.tx = tx;
    this.buffers = buffers;
    this.bufferBytes = bufferBytes;
  }

  static GuestMemory map(int ringSize, int bufferBytes) throws IOException {
    RingLayout rx = RingLayout.at(0, ringSize);
    RingLayout tx = RingLayout.at(pages(rx.end()), ringSize);
    long buffers = pages(tx.end());
    NativeMemory memory = NativeMemory.map(buffers + (long) ringSize * bufferBytes);
    return new GuestMemory(memory, rx, tx, buffers, bufferBytes);
  }

  NativeMemory memory() {
    return memory;
  }

  RingLayout rx() {
    return rx;
  }

  RingLayout tx() {
    return tx;
  }

  int bufferBytes() {
    return bufferBytes;
  }

  /** Returns the offset of the buffer that belongs to a slot. */
  long buffer(int slot) {
    return buffers + (long) slot * bufferBytes;
  }

  /** Returns the address, as the guest sees it, of an offset. */
  long guestAddress(long offset) {
    return GUEST_BASE + offset;
  }

  /** Unmaps it: the device must be closed by then. */
  @Override
  public void close() throws IOException {
    memory.close();
  }

  private static long pages(long bytes) {
    return (bytes + PAGE - 1) / PAGE * PAGE;
  }
}
