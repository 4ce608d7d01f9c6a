package org.vhostwatch.state;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A new file of the operator that is whole, or not there: it is written under a hidden name beside
 * it, which goes away if a signal ends the program. What has its name before is never touched.
 */
public final class WholeFile implements AutoCloseable {

  private static final String UNFINISHED = ".vhostwatch-";

  private final Path file;
  private final Path unfinished;
  private final FileChannel channel;
  private boolean closed;
  private final Thread hook = new Thread(this::removeQuietly, "unfinished-file");

  private WholeFile(Path file, Path unfinished, FileChannel channel) {
    this.file = file;
    this.unfinished = unfinished;
    this.channel = channel;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Begins it, readable by its owner alone.
   *
   * @throws FileAlreadyExistsException if something has this name, be it a link to nowhere
   */
  public static WholeFile create(Path file) throws IOException {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    Path unfinished = file.toAbsolutePath().resolveSibling(UNFINISHED + UUID.randomUUID());
    return new WholeFile(file, unfinished, NewFile.create(unfinished));
  }

  /** Returns where to write it; to be closed before it is finished. */
  public OutputStream out() {
    return Channels.newOutputStream(channel);
  }

  /**
   * Gives it its name.
   *
   * @throws FileAlreadyExistsException if something has this name by now
   */
  public void finish() throws IOException {
    try {
      // Unlike a move it never replaces anything.
      Files.createLink(file, unfinished);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (IOException | UnsupportedOperationException e) {
      // Not every file system has links.
      Files.move(unfinished, file);
    }
  }

  /** Removes what has not been finished; a second time it does nothing. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is ending, and the hook does the same.
    }
    channel.close();
    Files.deleteIfExists(unfinished);
  }

  private void removeQuietly() {
    try {
      Files.deleteIfExists(unfinished);
    } catch (IOException e) {
      // The program ends: there is nobody to be told.
    }
  }
}
