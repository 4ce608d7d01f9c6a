package org.vhostwatch.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.exposure.KernelIdentity;
import org.vhostwatch.exposure.KernelRater;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.log.Log;

/**
 * Rates the kernel on a thread of its own, because that reads long files and may wait for rpm: at
 * the start, when a module or a live patch came or went, which is looked for when the daemon says
 * so and once a minute, when a drill has left its result, and every ten minutes.
 */
final class ExposureWatch implements AutoCloseable {

  private static final Duration PERIOD = Duration.ofMinutes(10);
  private static final Duration POLL = Duration.ofSeconds(5);

  /** Polls from one look for other live patches, of which nobody tells, to the next. */
  private static final int LOOK = 12;

  private final ProcFs fs;
  private final KernelRater rater;
  private final Path drill;
  private final Duration poll;
  private final Semaphore asked = new Semaphore(0);
  private volatile KernelExposure latest = KernelExposure.NOT_RATED;
  private final Thread thread = new Thread(this::run, "exposure");

  /**
   * @param drill the file whose change is looked for
   */
  ExposureWatch(ProcFs fs, KernelRater rater, Path drill) {
    this(fs, rater, drill, POLL);
  }

  ExposureWatch(ProcFs fs, KernelRater rater, Path drill, Duration poll) {
    this.fs = fs;
    this.rater = rater;
    this.drill = drill;
    this.poll = poll;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Returns the last rating; never waits. */
  KernelExposure latest() {
    return latest;
  }

  /** Tells that the host was looked over again, maybe because a module came or went. */
  void again() {
    asked.release();
  }

  private void run() {
    try {
      while (true) {
        Optional<Object> seen = written();
        KernelIdentity rated = KernelIdentity.read(fs);
        publish(rater.rate());
        long end = System.nanoTime() + PERIOD.toNanos();
        for (int i = 1; System.nanoTime() < end && written().equals(seen); i++) {
          // Where bpftrace does not start the host is looked over all the time: most often for
          // nothing.
          boolean told = asked.tryAcquire(poll.toMillis(), TimeUnit.MILLISECONDS);
          if ((told || i % LOOK == 0) && !KernelIdentity.read(fs).equals(rated)) {
            break;
          }
        }
        asked.drainPermits();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void publish(KernelExposure now) {
    KernelExposure before = latest;
    latest = now;
    if (!now.status().equals(before.status()) || !now.reason().equals(before.reason())) {
      Log.kernelRated(now.status().label(), now.reason());
    }
  }

  private Optional<Object> written() {
    try {
      return Optional.of(Files.getLastModifiedTime(drill));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
