package org.vhostwatch.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.vhostwatch.log.Log;

/**
 * The metrics as a file for node_exporter's textfile collector: always whole, as another one takes
 * its place in one step, and gone when the agent is.
 */
public final class TextFile implements AutoCloseable {

  /** Never through a link that somebody put there. */
  private static final Set<OpenOption> NEW =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

  /** What the file is called. */
  public static final String NAME = "vhostwatch.prom";

  /** How often it is written. */
  public static final Duration PERIOD = Duration.ofSeconds(15);

  private final Path file;
  private final Path unfinished;
  private final Exposition exposition;
  private final Duration period;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread = new Thread(this::work, "textfile");

  /** Whether the last write failed: said once. */
  private boolean failing;

  /** Starts to write. */
  public TextFile(Path folder, Exposition exposition, Duration period) {
    this.file = folder.resolve(NAME);
    // The collector reads what ends in .prom.
    this.unfinished = folder.resolve("." + NAME + ".new");
    this.exposition = exposition;
    this.period = period;
    thread.setDaemon(true);
    thread.start();
  }

  private void work() {
    try {
      do {
        write();
      } while (!closing.await(period.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    remove();
  }

  private void write() {
    try {
      Files.deleteIfExists(unfinished);
      try (Writer out =
          new Gatherer(Channels.newWriter(FileChannel.open(unfinished, NEW), UTF_8))) {
        exposition.write(Exposition.Format.TEXT, out);
      }
      Files.getFileAttributeView(
              unfinished, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
          .setPermissions(PosixFilePermissions.fromString("rw-r--r--"));
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
      failing = false;
    } catch (IOException e) {
      if (!failing) {
        Log.textfileNotWritten(file.toString(), "cannot be written: " + e);
      }
      failing = true;
    }
  }

  private void remove() {
    try {
      Files.deleteIfExists(unfinished);
      Files.deleteIfExists(file);
    } catch (IOException e) {
      Log.textfileNotWritten(file.toString(), "cannot be removed: " + e);
    }
  }

  /** Removes the file: what it says is not true any more. */
  @Override
  public void close() {
    closing.countDown();
    try {
      thread.join(Duration.ofSeconds(2).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
