package org.vhostwatch.libc;

import java.io.IOException;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * Memory outside of the Java heap, at a fixed address, in native byte order. Offsets are bytes from
 * its start; an access beyond its end throws {@link IndexOutOfBoundsException}.
 *
 * <p>Two kinds: {@link #allocate} for the arguments of calls (freed by the garbage collector) and
 * {@link #map} for memory that the kernel goes on using after the call (lives until {@link
 * #close}). Accesses are plain: order those that another side watches with {@link
 * java.lang.invoke.VarHandle#fullFence}.
 */
public final class NativeMemory implements AutoCloseable {
  private static final int PROT_READ_WRITE = 1 | 2;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final long MAP_FAILED = -1;
  private static final int PAGE = 4096;

  private final Pointer pointer;
  private final long size;
  private final boolean mapped;
  private volatile boolean closed;

  private NativeMemory(Pointer pointer, long size, boolean mapped) {
    this.pointer = pointer;
    this.size = size;
    this.mapped = mapped;
  }

  /**
   * Returns zeroed memory for call arguments.
   *
   * @param size in bytes, at least 1
   * @throws IOException if native calls are not available
   */
  public static NativeMemory allocate(int size) throws IOException {
    requirePositive(size);
    Runtime runtime = Runtime.getRuntime(Native.libc());
    return new NativeMemory(Memory.allocateDirect(runtime, size, true), size, false);
  }

  /** Returns a copy of {@code bytes}, which must not be empty, outside of the heap. */
  public static NativeMemory copyOf(byte[] bytes) throws IOException {
    NativeMemory memory = allocate(bytes.length);
    memory.put(0, bytes);
    return memory;
  }

  /**
   * Maps zeroed, page-aligned anonymous memory, private to this process.
   *
   * @param size in bytes, at least 1; rounded up to whole pages of 4096
   * @throws LibcException if the kernel has no memory or address space left
   */
  public static NativeMemory map(long size) throws IOException {
    requirePositive(size);
    long rounded = (size + PAGE - 1) / PAGE * PAGE;
    CLibrary libc = Native.libc();
    Pointer start = libc.mmap(null, rounded, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Native.check(start.address() == MAP_FAILED ? -1 : 0, "mmap", rounded + " bytes");
    Pointer pointer = Pointer.wrap(Runtime.getRuntime(libc), start.address(), rounded);
    return new NativeMemory(pointer, rounded, true);
  }

  /** Returns the address of the first byte in this process. */
  public long address() {
    return pointer.address();
  }

  /** Returns the size in bytes. */
  public long size() {
    return size;
  }

  /** Returns the byte at {@code offset}, 0 to 255. */
  public int getU8(long offset) {
    return at(offset, 1).getByte(offset) & 0xff;
  }

  /** Returns the 16-bit value at {@code offset}, 0 to 65535. */
  public int getU16(long offset) {
    return at(offset, 2).getShort(offset) & 0xffff;
  }

  /** Returns the 32-bit value at {@code offset}. */
  public int getInt(long offset) {
    return at(offset, 4).getInt(offset);
  }

  /** Returns the 64-bit value at {@code offset}. */
  public long getLong(long offset) {
    return at(offset, 8).getLong(offset);
  }

  /** Returns {@code length} bytes from {@code offset} on. */
  public byte[] get(long offset, int length) {
    byte[] bytes = new byte[length];
    at(offset, length).get(offset, bytes, 0, length);
    return bytes;
  }

  /** Puts the low 16 bits of {@code value} at {@code offset}. */
  public void putU16(long offset, int value) {
    at(offset, 2).putShort(offset, (short) value);
  }

  /** Puts {@code value} at {@code offset}. */
  public void putInt(long offset, int value) {
    at(offset, 4).putInt(offset, value);
  }

  /** Puts {@code value} at {@code offset}. */
  public void putLong(long offset, long value) {
    at(offset, 8).putLong(offset, value);
  }

  /** Puts {@code bytes} at {@code offset}. */
  public void put(long offset, byte[] bytes) {
    at(offset, bytes.length).put(offset, bytes, 0, bytes.length);
  }

  /**
   * Unmaps mapped memory; does nothing to allocated memory. After it, accesses throw {@link
   * IllegalStateException}. The caller makes sure that neither a thread nor the kernel still uses
   * it.
   */
  @Override
  public void close() throws IOException {
    if (mapped && !closed) {
      closed = true;
      Native.check(Native.libc().munmap(pointer, size), "munmap", size + " bytes");
    }
  }

  Pointer pointer() {
    return at(0, 0);
  }

  private Pointer at(long offset, long length) {
    if (offset < 0 || length < 0 || offset > size - length) {
      throw new IndexOutOfBoundsException(
          length + " bytes at offset " + offset + " of memory of " + size + " bytes");
    }
    if (closed) {
      throw new IllegalStateException("memory of " + size + " bytes is unmapped");
    }
    return pointer;
  }

  private static void requirePositive(long size) {
    if (size <= 0) {
      throw new IllegalArgumentException("size must be positive: " + size);
    }
  }
}
