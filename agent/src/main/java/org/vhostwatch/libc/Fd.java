package org.vhostwatch.libc;

import java.io.IOException;
import java.lang.ref.Reference;
import java.util.concurrent.atomic.AtomicInteger;

/** An open file descriptor, closed on exec. Closing it twice is harmless; using it then is not. */
public final class Fd implements AutoCloseable {
  private static final int O_RDWR = 2;
  private static final int O_CLOEXEC = 0x80000;
  private static final int CLOSED = -1;

  private final String name;
  private final AtomicInteger number;

  Fd(int number, String name) {
    this.number = new AtomicInteger(number);
    this.name = name;
  }

  /**
   * Opens {@code path} for reading and writing.
   *
   * @throws LibcException if the kernel refuses; {@link LibcException#errno} tells why
   */
  public static Fd open(String path) throws IOException {
    long fd = Native.check(Native.libc().open(path, O_RDWR | O_CLOEXEC, 0), "open", path);
    return new Fd((int) fd, path);
  }

  /** Returns the number of this descriptor in the process, for structures that carry one. */
  public int number() {
    int fd = number.get();
    if (fd == CLOSED) {
      throw new IllegalStateException(name + " is closed");
    }
    return fd;
  }

  /**
   * Runs an ioctl whose argument is a structure.
   *
   * @param call name of the request, for the message
   * @param request its number
   * @param argument the structure; the kernel may write to it
   * @return what the kernel returned, 0 or more
   * @throws LibcException if the kernel refuses
   */
  public int ioctl(String call, long request, NativeMemory argument) throws IOException {
    try {
      return (int)
          Native.check(Native.libc().ioctl(number(), request, argument.pointer()), call, name);
    } finally {
      // The collector frees allocated memory: it must not do so while the kernel reads it.
      Reference.reachabilityFence(argument);
    }
  }

  /** Runs an ioctl whose argument is a plain number; otherwise as the other {@code ioctl}. */
  public int ioctl(String call, long request, long argument) throws IOException {
    return (int) Native.check(Native.libc().ioctl(number(), request, argument), call, name);
  }

  /**
   * Reads once into the start of {@code buffer}.
   *
   * @return bytes read; 0 at the end
   * @throws LibcException if the read fails, {@link Errno#EAGAIN} among the reasons
   */
  public int read(NativeMemory buffer) throws IOException {
    try {
      return (int)
          Native.check(Native.libc().read(number(), buffer.pointer(), buffer.size()), "read", name);
    } finally {
      Reference.reachabilityFence(buffer);
    }
  }

  /**
   * Writes the first {@code length} bytes of {@code buffer} once.
   *
   * @return bytes written
   * @throws LibcException if the write fails
   */
  public int write(NativeMemory buffer, int length) throws IOException {
    try {
      return (int)
          Native.check(Native.libc().write(number(), buffer.pointer(), length), "write", name);
    } finally {
      Reference.reachabilityFence(buffer);
    }
  }

  /**
   * Gives the descriptor back to the kernel.
   *
   * @throws LibcException if the kernel reports an error; the descriptor is gone even then
   */
  @Override
  public void close() throws IOException {
    int fd = number.getAndSet(CLOSED);
    if (fd != CLOSED) {
      Native.check(Native.libc().close(fd), "close", name);
    }
  }

  @Override
  public String toString() {
    return name + " (fd " + number.get() + ")";
  }
}
