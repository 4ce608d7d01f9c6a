package org.vhostwatch.libc;

import java.io.IOException;

/** A system call that failed: which, on what, and why. */
public final class LibcException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  LibcException(String call, String argument, int errno, String reason) {
    super(call + "(" + argument + "): " + reason + " (errno " + errno + ")");
    this.errno = errno;
  }

  /** Returns the error number of the kernel, for example {@link Errno#EBUSY}. */
  public int errno() {
    return errno;
  }
}
