package org.vhostwatch.libc;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Opens a descriptor on a thread of its own, which ends right after, and waits for it for a while.
 * What comes when nobody waits any more is closed.
 */
final class Visit {

  /** Opens a descriptor. */
  interface Opener {
    Fd open() throws IOException;
  }

  private final CompletableFuture<Fd> opened = new CompletableFuture<>();
  private final Opener opener;

  private Visit(Opener opener) {
    this.opener = opener;
  }

  /**
   * Returns what was opened; the caller closes it.
   *
   * @param thread name of the thread
   * @param where what is visited, for messages
   * @throws IOException what the opener threw, or that it did not come to an end in time
   */
  static Fd open(String thread, String where, Duration limit, Opener opener) throws IOException {
    Visit visit = new Visit(opener);
    Thread visitor = new Thread(visit::run, thread);
    visitor.setDaemon(true);
    visitor.start();
    return visit.await(where, limit);
  }

  private void run() {
    try {
      Fd fd = opener.open();
      if (!opened.complete(fd)) {
        fd.close();
      }
    } catch (IOException | RuntimeException | Error e) {
      opened.completeExceptionally(e);
    }
  }

  private Fd await(String where, Duration limit) throws IOException {
    try {
      return opened.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } catch (TimeoutException e) {
      giveUp();
      throw new IOException(where + ": not entered within " + limit.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      giveUp();
      throw new IOException(where + ": interrupted", e);
    }
  }

  /** From here on, either the visitor closes what it opens, or it has come in this very moment. */
  private void giveUp() throws IOException {
    if (!opened.cancel(false) && !opened.isCompletedExceptionally()) {
      opened.join().close();
    }
  }
}
