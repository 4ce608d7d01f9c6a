package org.vhostwatch.probe;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Reads lines of a child without a limit on how many, and with one on how long. A longer line is
 * dropped up to its end and counted. Never waits for anything but the stream.
 */
final class LineReader implements Runnable {

  /** Room for the largest map that the scripts print: 4096 keys with stacks. */
  static final int MAX_LINE_BYTES = 8 << 20;

  private final InputStream in;
  private final int maxBytes;
  private final Consumer<String> lines;
  private final LongConsumer dropped;

  LineReader(InputStream in, int maxBytes, Consumer<String> lines, LongConsumer dropped) {
    this.in = in;
    this.maxBytes = maxBytes;
    this.lines = lines;
    this.dropped = dropped;
  }

  @Override
  public void run() {
    byte[] buffer = new byte[64 << 10];
    Line line = new Line();
    try (in) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        for (int i = 0; i < n; i++) {
          if (buffer[i] == '\n') {
            line.end();
          } else {
            line.add(buffer[i]);
          }
        }
      }
    } catch (IOException e) {
      // The child is gone; its exit is told by who waits for it.
    }
    if (line.length > 0) {
      line.end();
    }
  }

  private final class Line {
    private byte[] bytes = new byte[1 << 10];
    private int length;
    private boolean tooLong;

    void add(byte b) {
      if (length == maxBytes) {
        tooLong = true;
        return;
      }
      if (length == bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.min(maxBytes, 2 * length));
      }
      bytes[length++] = b;
    }

    void end() {
      if (tooLong) {
        dropped.accept(1);
      } else {
        lines.accept(new String(bytes, 0, length, StandardCharsets.UTF_8));
      }
      length = 0;
      tooLong = false;
      if (bytes.length > 1 << 20) {
        bytes = new byte[1 << 10];
      }
    }
  }
}
