package org.vhostwatch.metrics;

import java.io.IOException;
import java.io.Writer;

/**
 * Hands on what is written in large pieces. For one thread: it takes no lock, which {@link
 * java.io.BufferedWriter} does for each of the hundreds of thousands of single characters that the
 * Prometheus client makes of labels' values.
 */
public final class Gatherer extends Writer {

  private static final int SIZE = 8 << 10;

  private final Writer out;
  private final char[] gathered;
  private int count;

  /**
   * @param out is closed with this
   */
  public Gatherer(Writer out) {
    this(out, SIZE);
  }

  /**
   * @param size how many characters are handed on at a time
   */
  Gatherer(Writer out, int size) {
    this.out = out;
    this.gathered = new char[size];
  }

  @Override
  public void write(int character) throws IOException {
    makeRoom(1);
    gathered[count++] = (char) character;
  }

  @Override
  public void write(char[] text, int offset, int length) throws IOException {
    makeRoom(length);
    if (length > gathered.length) {
      out.write(text, offset, length);
    } else {
      System.arraycopy(text, offset, gathered, count, length);
      count += length;
    }
  }

  @Override
  public void write(String text, int offset, int length) throws IOException {
    makeRoom(length);
    if (length > gathered.length) {
      out.write(text, offset, length);
    } else {
      text.getChars(offset, offset + length, gathered, count);
      count += length;
    }
  }

  private void makeRoom(int length) throws IOException {
    if (length > gathered.length - count) {
      out.write(gathered, 0, count);
      count = 0;
    }
  }

  @Override
  public void flush() throws IOException {
    makeRoom(gathered.length);
    out.flush();
  }

  @Override
  public void close() throws IOException {
    try (out) {
      flush();
    }
  }
}
