package org.vhostwatch.drill;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.vhostwatch.libc.Signals;

/**
 * Lets SIGTERM and SIGINT end the drill in order: the JVM's shutdown hook asks it to stop and keeps
 * the JVM alive until {@link #close}, at most 10 seconds. Until then SIGTSTP (Ctrl-Z) does nothing:
 * it would stop the drill but not a worker that is a kthread, which would spin on until somebody
 * comes back.
 */
public final class StopSignal implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(10);

  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook = new Thread(this::stopAndWait, "drill-shutdown");

  private final Runnable heedTstp = Signals.ignore("TSTP");

  private StopSignal() {}

  /** Installs the hook. */
  public static StopSignal install() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(signal.hook);
    return signal;
  }

  /** Asks the drill to stop now; harmless when repeated. */
  public void stop() {
    stop.countDown();
  }

  /** Returns whether it was asked to stop. */
  boolean stopped() {
    return stop.getCount() == 0;
  }

  /**
   * Waits for a time, or until it is asked to stop.
   *
   * @return true when it was asked to stop
   */
  boolean await(Duration time) {
    try {
      return stop.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop();
      return true;
    }
  }

  /** Says that the drill has recovered and reported: the JVM may end. */
  @Override
  public void close() {
    done.countDown();
    heedTstp.run();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook runs, and has just been told that it may return.
    }
  }

  private void stopAndWait() {
    stop();
    try {
      if (!done.await(GRACE.toNanos(), TimeUnit.NANOSECONDS)) {
        System.err.println("drill: not stopped in order within 10 s; the kernel closes the rest");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
