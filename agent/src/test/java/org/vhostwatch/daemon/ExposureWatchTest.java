package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.exposure.KernelRater;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.state.StateDirectory;

class ExposureWatchTest {

  private static final Duration POLL = Duration.ofMillis(1);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Test
  void aLivePatchOfWhichNobodyTellsIsFound(@TempDir Path root) throws InterruptedException {
    FakeHost host = new FakeHost(root).file("proc/sys/kernel/osrelease", "6.18.15\n");
    StateDirectory state = new StateDirectory(root.resolve("state"));
    KernelRater rater = new KernelRater(host.fs(), state, Optional.empty());
    try (ExposureWatch watch =
        new ExposureWatch(host.fs(), rater, root.resolve("state/drill.json"), POLL)) {
      watch.start();
      assertThat(awaited(watch, Exposure.AFFECTED)).isTrue();
      host.directory("sys/kernel/livepatch/fix/vhost/vhost_enable_notify,1")
          .file("sys/kernel/livepatch/fix/enabled", "1\n");
      assertThat(awaited(watch, Exposure.UNKNOWN)).isTrue();
    }
  }

  /** Waits for a rating other than the one before the first. */
  private static boolean awaited(ExposureWatch watch, Exposure status) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < end) {
      KernelExposure latest = watch.latest();
      if (!latest.equals(KernelExposure.NOT_RATED) && latest.status() == status) {
        return true;
      }
      Thread.sleep(10);
    }
    return false;
  }
}
