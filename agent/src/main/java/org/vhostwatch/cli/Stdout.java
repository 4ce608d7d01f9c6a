package org.vhostwatch.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Standard output that remembers what went wrong: a {@code PrintStream} keeps that to itself. */
final class Stdout extends OutputStream {

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

  /**
   * Returns why not all of it was written; empty if it was, or if it went to a pipe: whoever reads
   * that has seen enough, as {@code head} does.
   */
  synchronized Optional<String> trouble() {
    return Optional.ofNullable(failure).filter(e -> !piped()).map(IOException::getMessage);
  }

  private static boolean piped() {
    try {
      return !Files.readSymbolicLink(Path.of("/proc/self/fd/1")).isAbsolute();
    } catch (IOException e) {
      return false;
    }
  }
}
