package org.vhostwatch.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Standard output that remembers what went wrong: a {@code PrintStream} keeps that to itself. */
final class Stdout extends OutputStream {

  /** What the C library calls EPIPE: whoever read it has seen enough, as {@code head} does. */
  private static final String READER_GONE = "Broken pipe";

  private final OutputStream out = new FileOutputStream(FileDescriptor.out);
  private @Nullable IOException failure;

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      failure = failure == null ? e : failure;
      throw e;
    }
  }

  /** Returns why not all of it was written; empty if it was, or nobody reads it any more. */
  synchronized Optional<String> trouble() {
    return Optional.ofNullable(failure)
        .map(IOException::getMessage)
        .filter(why -> !READER_GONE.equals(why));
  }
}
