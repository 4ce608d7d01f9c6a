package org.vhostwatch.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Writes lines in order, on a thread of its own: a terminal that was stopped, or a journal that
 * hangs, takes nothing, and whoever has something to say must not wait for it. What waits is
 * bounded. The oldest lines give way, because the last line about a thing says how it is now.
 */
final class LineWriter {

  static final int MAX_LINES = 1000;
  static final int MAX_BYTES = 1 << 20;

  private final OutputStream stream;
  private final LongFunction<String> lost;
  private final Consumer<IOException> failed;
  private final Deque<byte[]> waiting = new ArrayDeque<>();
  private long bytes;
  private long dropped;
  private boolean writing;
  private @Nullable Thread thread;

  /**
   * @param lost makes the line that says how many gave way
   * @param failed told when the stream refuses a line
   */
  LineWriter(OutputStream stream, LongFunction<String> lost, Consumer<IOException> failed) {
    this.stream = stream;
    this.lost = lost;
    this.failed = failed;
  }

  /** Takes a line, with its end; does not wait for the stream. */
  synchronized void add(String line) {
    byte[] text = line.getBytes(StandardCharsets.UTF_8);
    if (!started()) {
      // Where no thread can be made, to wait is better than to say nothing.
      write(text);
      return;
    }
    waiting.addLast(text);
    bytes += text.length;
    while (waiting.size() > MAX_LINES || (bytes > MAX_BYTES && waiting.size() > 1)) {
      bytes -= waiting.removeFirst().length;
      dropped++;
    }
    notifyAll();
  }

  private boolean started() {
    if (thread == null) {
      Thread made = new Thread(this::work, "log");
      made.setDaemon(true);
      try {
        made.start();
      } catch (OutOfMemoryError e) {
        return false;
      }
      thread = made;
    }
    return true;
  }

  private void work() {
    try {
      while (true) {
        write(next());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized byte[] next() throws InterruptedException {
    writing = false;
    notifyAll();
    while (waiting.isEmpty()) {
      wait();
    }
    writing = true;
    if (dropped > 0) {
      String line = lost.apply(dropped);
      dropped = 0;
      return line.getBytes(StandardCharsets.UTF_8);
    }
    byte[] text = waiting.removeFirst();
    bytes -= text.length;
    return text;
  }

  /** One write a line: nothing that others write to the same stream comes between. */
  private void write(byte[] text) {
    try {
      stream.write(text);
      stream.flush();
    } catch (IOException e) {
      failed.accept(e);
    }
  }

  /** Waits until all is written, but no longer than this: an end must not wait for a reader. */
  synchronized void flush(long nanos) throws InterruptedException {
    long end = System.nanoTime() + nanos;
    while (!waiting.isEmpty() || writing) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        return;
      }
      // Not less than a millisecond: none would be for ever.
      wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
    }
  }
}
