package org.vhostwatch.libc;

import java.io.IOException;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import org.jspecify.annotations.Nullable;

/** Loads the C library once, at the first call, and turns its failures into exceptions. */
final class Native {
  private Native() {}

  /** Holder: class initialization makes the loading lazy and runs it once. */
  private static final class Loaded {
    static final @Nullable CLibrary LIBRARY;
    static final @Nullable Throwable FAILURE;

    static {
      CLibrary library = null;
      Throwable failure = null;
      try {
        library = LibraryLoader.create(CLibrary.class).failImmediately().load("c");
      } catch (LinkageError | RuntimeException e) {
        failure = e;
      }
      LIBRARY = library;
      FAILURE = failure;
    }

    private Loaded() {}
  }

  /**
   * Returns the C library.
   *
   * @throws IOException if the native part of jnr-ffi cannot be loaded, with what to do about it
   */
  static CLibrary libc() throws IOException {
    CLibrary library = Loaded.LIBRARY;
    if (library == null) {
      throw new IOException(
          "native calls are not available: the jffi library cannot be loaded ("
              + Loaded.FAILURE
              + "); make java.io.tmpdir writable and executable, or start with"
              + " -Djffi.boot.library.path=DIRECTORY_OF_LIBJFFI",
          Loaded.FAILURE);
    }
    return library;
  }

  /**
   * Passes {@code result} on when it is not negative.
   *
   * @param result what the call returned; negative means failure, and errno tells which
   * @param call name of the call, for the message
   * @param argument what it was called with (a path, a request, a name), for the message
   * @throws LibcException if {@code result} is negative
   */
  static long check(long result, String call, Object argument) throws IOException {
    if (result < 0) {
      throw failure(call, argument);
    }
    return result;
  }

  /** Returns the exception for the failure that errno of this thread tells of. */
  static LibcException failure(String call, Object argument) throws IOException {
    int errno = Runtime.getRuntime(libc()).getLastError();
    return new LibcException(call, String.valueOf(argument), errno, libc().strerror(errno));
  }
}
