package org.vhostwatch.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A file for readers that take no bytes but a path; in a folder of this process that goes with it.
 */
public final class Scratch {

  private static final Path FOLDER = folder();

  private final Path file;

  /**
   * @param relative where it is below {@link #root}
   */
  public Scratch(String relative) {
    file = FOLDER.resolve(relative);
    try {
      Files.createDirectories(file.resolveSibling("."));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the folder that all are in. */
  public static Path root() {
    return FOLDER;
  }

  /** Returns where it is. */
  public Path path() {
    return file;
  }

  /** Replaces what it holds. */
  public Path write(byte[] content) throws IOException {
    return Files.write(
        file,
        content,
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE);
  }

  /** Lets other paths lead to it. */
  public Scratch linked(String... relatives) {
    try {
      for (String relative : relatives) {
        Path link = FOLDER.resolve(relative);
        Files.createDirectories(link.resolveSibling("."));
        if (!Files.isSymbolicLink(link)) {
          Files.createSymbolicLink(link, file);
        }
      }
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path folder() {
    try {
      Path folder = Files.createTempDirectory("vhostwatch-fuzz-");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(folder), "scratch"));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void remove(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      // It lies in the folder of temporary files, where others clean up.
    }
  }
}
