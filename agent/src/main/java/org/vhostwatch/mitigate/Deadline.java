package org.vhostwatch.mitigate;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Calls that may never come back, because the kernel's network lock (rtnl) is held for ever. */
final class Deadline {

  /** A call that never comes back keeps a thread and descriptors: so many, and then no more. */
  private static final Semaphore FREE = new Semaphore(4);

  /** What is said of a call that was not made, because of those that have not come back. */
  static final String NOT_MADE = "earlier calls have not come back";

  private Deadline() {}

  /** The kernel did not answer in time. */
  static final class Passed extends IOException {
    private static final long serialVersionUID = 1L;

    Passed(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Returns what a call returns. A call that is late is left behind on its own thread, with all
   * that it holds: it must own what it uses.
   *
   * @throws Passed if it takes longer
   */
  static <T> T call(String what, Duration limit, Callable<T> call)
      throws IOException, InterruptedException {
    if (!FREE.tryAcquire()) {
      throw new Passed(
          what
              + ": not tried: "
              + NOT_MADE
              + "; something holds the kernel's network"
              + " lock (rtnl)",
          null);
    }
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              try {
                return call.call();
              } finally {
                FREE.release();
              }
            });
    Thread thread = new Thread(task, "mitigate");
    thread.setDaemon(true);
    try {
      thread.start();
    } catch (OutOfMemoryError e) {
      FREE.release();
      throw new IOException(what + ": no thread can be started: " + e.getMessage(), e);
    }
    try {
      return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new Passed(
          what
              + ": the kernel did not answer within "
              + limit.toSeconds()
              + " s; something holds its network lock (rtnl)",
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IOException(what + ": " + e.getCause(), e.getCause());
    }
  }
}
