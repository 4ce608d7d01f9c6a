package org.vhostwatch.host;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounded reads of the kernel's text files (/proc, /sys) below a root, which is {@code /} except in
 * tests. A file that is not there, vanished half-way or may not be read is an empty result:
 * processes end while they are looked at, that is no error.
 *
 * <p>What comes back is raw: names of processes and VMs may hold any character. Whoever prints it
 * escapes it.
 */
public final class ProcFs {

  /** Can be read whatever ends or starts, unless this process can open no file at all. */
  private static final File OWN = new File("/proc/self/stat");

  private static final int PIECE = 4 << 10;

  private final File root;
  private final AtomicLong refused = new AtomicLong();

  public ProcFs(Path root) {
    this.root = root.toFile();
  }

  /** Returns the absolute path of a file given as, for example, {@code proc/1/stat}. */
  public Path path(String relative) {
    return file(relative).toPath();
  }

  /**
   * Returns how many reads failed because this process could open no file at all, as when it has
   * too many open, and so say nothing about what they were to read. Whoever takes an empty result
   * for an end looks here, before and after.
   */
  public long refused() {
    return refused.get();
  }

  private void failed() {
    try (InputStream in = new FileInputStream(OWN)) {
      if (in.read() < 0) {
        refused.incrementAndGet();
      }
    } catch (IOException e) {
      refused.incrementAndGet();
    }
  }

  /** Returns the file's first {@code maxBytes} bytes. */
  public Optional<byte[]> read(String relative, int maxBytes) {
    try (InputStream in = new FileInputStream(file(relative))) {
      // Not readNBytes(maxBytes): that asks for the position, which files of securityfs refuse.
      byte[] data = new byte[Math.min(PIECE, maxBytes)];
      int length = in.readNBytes(data, 0, data.length);
      while (length == data.length && length < maxBytes) {
        data = Arrays.copyOf(data, Math.min(2 * length, maxBytes));
        length += in.readNBytes(data, length, data.length - length);
      }
      return Optional.of(Arrays.copyOf(data, length));
    } catch (IOException e) {
      failed();
      return Optional.empty();
    }
  }

  /**
   * Returns the file's first {@code maxBytes} bytes as UTF-8 text without white space around it.
   */
  public Optional<String> text(String relative, int maxBytes) {
    return read(relative, maxBytes).map(bytes -> new String(bytes, StandardCharsets.UTF_8).strip());
  }

  /**
   * Fills {@code buffer} from the file's start and returns how many bytes there were, or -1 if it
   * cannot be read.
   */
  int read(String relative, byte[] buffer) {
    try (InputStream in = new FileInputStream(file(relative))) {
      return in.readNBytes(buffer, 0, buffer.length);
    } catch (IOException e) {
      failed();
      return -1;
    }
  }

  /** Returns whether there is such a file or directory. */
  public boolean exists(String relative) {
    return file(relative).exists();
  }

  boolean isReadableDirectory(String relative) {
    File directory = file(relative);
    return directory.isDirectory() && directory.canRead();
  }

  /** Returns the names in a directory, in no order; none if it cannot be read. */
  public List<String> names(String relative) {
    return List.of(list(relative));
  }

  private String[] list(String relative) {
    String[] names = file(relative).list();
    if (names == null) {
      failed();
      return new String[0];
    }
    return names;
  }

  /** Returns what a symbolic link says, without following it. */
  Optional<String> link(String relative) {
    try {
      return Optional.of(Files.readSymbolicLink(path(relative)).toString());
    } catch (IOException | InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** Returns the process or thread ids that a directory lists, ascending. */
  int[] ids(String relative) {
    return ids(relative, 1);
  }

  /** Returns the numbers from {@code least} on that a directory has as names, ascending. */
  int[] ids(String relative, int least) {
    String[] names = list(relative);
    int[] ids = new int[names.length];
    int count = 0;
    for (String name : names) {
      int id = id(name);
      if (id >= least) {
        ids[count++] = id;
      }
    }
    ids = Arrays.copyOf(ids, count);
    Arrays.sort(ids);
    return ids;
  }

  /**
   * Reads a process id, or returns -1: far cheaper than an exception for each of the other names in
   * /proc.
   */
  static int id(String text) {
    if (text.isEmpty() || text.length() > 9) {
      return -1;
    }
    int id = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      id = 10 * id + (c - '0');
    }
    return id;
  }

  private File file(String relative) {
    return new File(root, relative);
  }
}
