package org.vhostwatch.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One pass through available_filter_functions ({@code name [module]}) or kallsyms ({@code address
 * type name [module]}), 3 to 15 MB of lines of which a dozen are wanted. Lines are taken apart as
 * bytes, only wanted ones become Strings.
 */
final class SymbolFile {
  /** Takes what a scan finds. */
  interface Sink {
    /**
     * Takes a wanted name or a name with that base.
     *
     * @param address 0 if the file has none or hides them
     * @param module empty for the kernel itself
     */
    void symbol(long address, char type, String name, String module);
  }

  /** A read of a list this long has gone wrong. */
  private static final long MAX_BYTES = 256L << 20;

  private final boolean withAddress;
  private final NameSet wanted;
  private final Sink sink;
  private final byte[] buffer = new byte[64 << 10];

  private SymbolFile(boolean withAddress, NameSet wanted, Sink sink) {
    this.withAddress = withAddress;
    this.wanted = wanted;
    this.sink = sink;
  }

  /** Scans tracefs' list of functions; false if it cannot be read to its end or is empty. */
  static boolean scanFunctions(Path file, NameSet wanted, Sink sink) {
    return new SymbolFile(false, wanted, sink).scan(file);
  }

  /** Scans kallsyms; false if it cannot be read to its end or is empty. */
  static boolean scanKallsyms(Path file, NameSet wanted, Sink sink) {
    return new SymbolFile(true, wanted, sink).scan(file);
  }

  private boolean scan(Path file) {
    long total = 0;
    try (InputStream in = Files.newInputStream(file)) {
      int kept = 0;
      for (int n = in.read(buffer, 0, buffer.length);
          n > 0;
          n = in.read(buffer, kept, buffer.length - kept)) {
        total += n;
        if (total > MAX_BYTES) {
          return false;
        }
        int end = kept + n;
        int used = lines(end);
        kept = end - used;
        if (kept == buffer.length) {
          // No line is as long as the buffer: drop it and take what follows as another that is not
          // wanted.
          kept = 0;
        }
        System.arraycopy(buffer, used, buffer, 0, kept);
      }
      line(0, kept);
      return total > 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Takes all whole lines before {@code end} and returns where the first unfinished one begins. */
  private int lines(int end) {
    int start = 0;
    for (int i = 0; i < end; i++) {
      if (buffer[i] == '\n') {
        line(start, i);
        start = i + 1;
      }
    }
    return start;
  }

  private void line(int start, int end) {
    int name = start;
    if (withAddress) {
      name = until(' ', start, end) + 3;
      if (name >= end) {
        return;
      }
    }
    int nameEnd = name;
    while (nameEnd < end && buffer[nameEnd] > ' ') {
      nameEnd++;
    }
    if (wanted.contains(buffer, name, nameEnd)) {
      int open = until('[', nameEnd, end);
      int close = until(']', open, end);
      sink.symbol(
          withAddress ? address(start, name - 3) : 0,
          withAddress ? (char) buffer[name - 2] : 't',
          text(name, nameEnd),
          open < close ? text(open + 1, close) : "");
    }
  }

  private int until(char wantedByte, int from, int end) {
    int at = from;
    while (at < end && buffer[at] != wantedByte) {
      at++;
    }
    return at;
  }

  private long address(int from, int to) {
    long address = 0;
    for (int i = from; i < to; i++) {
      int digit = Character.digit(buffer[i], 16);
      if (digit < 0) {
        return 0;
      }
      address = (address << 4) | digit;
    }
    return address;
  }

  private String text(int from, int to) {
    return new String(buffer, from, to - from, StandardCharsets.US_ASCII);
  }
}
