package org.vhostwatch.probe;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * What a process itself says: this ends with it, though something that it has started may hold the
 * pipe open for ever. It asks again and again whether there is something to read, because nothing
 * wakes a thread that waits in read(2).
 */
final class OwnWords extends InputStream {
  private static final long PERIOD_MILLIS = 20;

  private final InputStream pipe;
  private final BooleanSupplier ended;

  /** How much of what is in the pipe may be its own, -1 while it runs. */
  private int left = -1;

  OwnWords(InputStream pipe, BooleanSupplier ended) {
    this.pipe = pipe;
    this.ended = ended;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (true) {
      // Asked first: what it said before it ended is in the pipe then.
      boolean last = ended.getAsBoolean();
      int ready = pipe.available();
      if (last) {
        left = left < 0 ? ready : Math.min(left, ready);
      }
      int most = Math.min(length, last ? left : ready);
      if (most > 0) {
        int read = pipe.read(buffer, offset, most);
        left -= last ? Math.max(0, read) : 0;
        return read;
      }
      if (last) {
        return -1;
      }
      pause();
    }
  }

  private static void pause() throws IOException {
    try {
      TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  @Override
  public void close() throws IOException {
    pipe.close();
  }
}
