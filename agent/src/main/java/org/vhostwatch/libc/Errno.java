package org.vhostwatch.libc;

/** The error numbers that callers tell apart (asm-generic/errno.h; the same on both machines). */
public final class Errno {
  /** Operation not permitted: a capability is missing. */
  public static final int EPERM = 1;

  /** No such file or directory. */
  public static final int ENOENT = 2;

  /** No such process. */
  public static final int ESRCH = 3;

  /** Interrupted by a signal: call again. */
  public static final int EINTR = 4;

  /** No such device: the driver behind a device file is absent. */
  public static final int ENODEV = 19;

  /** No such device or address: the device file exists and its driver does not. */
  public static final int ENXIO = 6;

  /** Would block: nothing to read now, or no room to write. */
  public static final int EAGAIN = 11;

  /** Permission denied. */
  public static final int EACCES = 13;

  /** The thing exists and somebody uses it. */
  public static final int EBUSY = 16;

  /** The kernel does not know this option of sockets. */
  public static final int ENOPROTOOPT = 92;

  /** The driver does not answer such a question. */
  public static final int EOPNOTSUPP = 95;

  /** A queue on the way is full and the packet was dropped. */
  public static final int ENOBUFS = 105;

  private Errno() {}
}
