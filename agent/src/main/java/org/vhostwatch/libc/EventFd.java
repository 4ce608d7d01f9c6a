package org.vhostwatch.libc;

import java.io.IOException;
import java.lang.ref.Reference;

/**
 * A counter in the kernel by which two sides wake each other. Any thread may signal; one thread at
 * a time may wait.
 */
public final class EventFd implements AutoCloseable {
  private static final int EFD_NONBLOCK = 0x800;
  private static final int EFD_CLOEXEC = 0x80000;
  private static final int COUNTER_SIZE = 8;

  /** struct pollfd: fd (32 bits), events and revents (16 bits each). */
  private static final int POLLFD_SIZE = 8;

  private static final int POLLFD_EVENTS = 4;
  private static final short POLLIN = 1;

  private final Fd fd;

  // Allocated once: signal and await run thousands of times a second.
  private final NativeMemory one;
  private final NativeMemory counter;
  private final NativeMemory pollfd;

  private EventFd(Fd fd) throws IOException {
    this.fd = fd;
    this.one = NativeMemory.allocate(COUNTER_SIZE);
    this.counter = NativeMemory.allocate(COUNTER_SIZE);
    this.pollfd = NativeMemory.allocate(POLLFD_SIZE);
    one.putLong(0, 1);
  }

  /**
   * Makes a counter that stands at 0.
   *
   * @param name what it is for, for messages
   * @throws LibcException if the process has too many descriptors
   */
  public static EventFd create(String name) throws IOException {
    long fd = Native.check(Native.libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd", name);
    return new EventFd(new Fd((int) fd, "eventfd " + name));
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
   * @param timeoutMillis longest wait in milliseconds; 0 looks and returns
   * @return the count before; 0 when the time ran out or a signal came first
   */
  public long await(int timeoutMillis) throws IOException {
    if (!readable(timeoutMillis)) {
      return 0;
    }
    fd.read(counter);
    return counter.getLong(0);
  }

  @Override
  public void close() throws IOException {
    fd.close();
  }

  private boolean readable(int timeoutMillis) throws IOException {
    pollfd.putInt(0, fd.number());
    pollfd.putU16(POLLFD_EVENTS, POLLIN);
    try {
      int ready = Native.libc().poll(pollfd.pointer(), 1, timeoutMillis);
      return Native.check(ready, "poll", fd) > 0;
    } catch (LibcException e) {
      if (e.errno() == Errno.EINTR) {
        return false;
      }
      throw e;
    } finally {
      Reference.reachabilityFence(pollfd);
    }
  }
}
