package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.libc.NetNamespace;
import org.vhostwatch.metrics.SelfMetrics;
import org.vhostwatch.mitigate.Target;
import org.vhostwatch.notify.Logged;
import org.vhostwatch.state.StateDirectory;

class AutoMitigationTest {
  private static final KernelExposure AFFECTED =
      new KernelExposure(Exposure.AFFECTED, "6.18.15 is before 6.18.40", "", List.of());

  private final Path state;
  private final Logged log = new Logged();

  AutoMitigationTest(@TempDir Path state) {
    this.state = state;
  }

  @BeforeEach
  void listen() {
    log.start();
  }

  @AfterEach
  void listenNoMore() {
    log.stop();
  }

  @Test
  void aTroubleThatComesAgainAfterItWasOverIsSaidAgain() throws Exception {
    // It is looked at as a tap is, and then refused.
    long netns = NetNamespace.inodeAt(Path.of("/proc/self/ns/net"));
    Target loopback = new Target("lo", 1, netns, 0, "vm", false, "", true, true, List.of());
    try (SelfMetrics metrics = new SelfMetrics(new SimpleMeterRegistry(), () -> 0);
        AutoMitigation mitigation =
            new AutoMitigation(
                new MitigationOptions(Duration.ofMillis(1), 20),
                new StateDirectory(state),
                () -> AFFECTED,
                metrics)) {
      othersMayWriteToTheState(true);
      mitigation.start();
      mitigation.taps(List.of(loopback));
      String said = log.await("no tap was mitigated: ");
      othersMayWriteToTheState(false);
      log.await("not mitigated: tap lo ");
      othersMayWriteToTheState(true);
      assertThat(log.await("no tap was mitigated: ")).isEqualTo(said);
    }
  }

  private void othersMayWriteToTheState(boolean they) throws IOException {
    Files.setPosixFilePermissions(
        state, PosixFilePermissions.fromString(they ? "rwxrwxrwx" : "rwx------"));
  }
}
