package org.vhostwatch.probe;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Reads lines of a child without a limit on how many, and with one on how long. Of a longer line
 * only the beginning is handed on, with {@link #CUT} behind it: no parser takes that for a whole
 * one. Never waits for anything but the stream.
 */
final class LineReader implements Runnable {

  /** Room for the largest map that a capture prints: thousands of keys with stacks. */
  static final int MAX_LINE_BYTES = 8 << 20;

  /** What is behind the beginning of a line that was too long. */
  static final String CUT = " [cut]";

  private static final int KEPT_BYTES = 256;

  private final InputStream in;
  private final int maxBytes;
  private final Consumer<String> lines;

  LineReader(InputStream in, int maxBytes, Consumer<String> lines) {
    this.in = in;
    this.maxBytes = maxBytes;
    this.lines = lines;
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
        if (!tooLong) {
          tooLong = true;
          bytes = Arrays.copyOf(bytes, KEPT_BYTES);
        }
        return;
      }
      if (length == bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.min(maxBytes, 2 * length));
      }
      bytes[length++] = b;
    }

    void end() {
      String text = new String(bytes, 0, tooLong ? KEPT_BYTES : length, StandardCharsets.UTF_8);
      lines.accept(tooLong ? text + CUT : text);
      length = 0;
      tooLong = false;
      if (bytes.length > 1 << 20) {
        bytes = new byte[1 << 10];
      }
    }
  }
}
