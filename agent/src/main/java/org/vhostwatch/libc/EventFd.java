package org.vhostwatch.libc;

import java.io.IOException;

/** A counter in the kernel by which two sides wake each other; never blocks on read or write. */
public final class EventFd implements AutoCloseable {
  private static final int EFD_NONBLOCK = 0x800;
  private static final int EFD_CLOEXEC = 0x80000;
  private static final int COUNTER_SIZE = 8;

  private final Fd fd;
  private final NativeMemory one;

  private EventFd(Fd fd, NativeMemory one) {
    this.fd = fd;
    this.one = one;
  }

  /**
   * Makes a counter that stands at 0.
   *
   * @param name what it is for, for messages
   * @throws LibcException if the process has too many descriptors
   */
  public static EventFd create(String name) throws IOException {
    NativeMemory one = NativeMemory.allocate(COUNTER_SIZE);
    one.putLong(0, 1);
    long fd = Native.check(Native.libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd", name);
    return new EventFd(new Fd((int) fd, "eventfd " + name), one);
  }

  /** Returns the descriptor number, for structures that carry one. */
  public int number() {
    return fd.number();
  }

  /** Adds 1, and so wakes the other side. */
  public void signal() throws IOException {
    fd.write(one, COUNTER_SIZE);
  }

  /**
   * Waits until the counter is above 0 and sets it back to 0.
   *
   * @param timeoutMillis longest wait in milliseconds
   * @return the count before; 0 when the time ran out
   */
  public long await(int timeoutMillis) throws IOException {
    if (!fd.awaitReadable(timeoutMillis)) {
      return 0;
    }
    NativeMemory counter = NativeMemory.allocate(COUNTER_SIZE);
    try {
      fd.read(counter);
    } catch (LibcException e) {
      // Another reader was quicker.
      if (e.errno() == Errno.EAGAIN) {
        return 0;
      }
      throw e;
    }
    return counter.getLong(0);
  }

  @Override
  public void close() throws IOException {
    fd.close();
  }
}
