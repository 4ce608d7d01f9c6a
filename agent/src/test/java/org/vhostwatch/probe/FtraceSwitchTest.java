package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.Switch;

class FtraceSwitchTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Spawner spawner = new Spawner();
  private final Path file;

  FtraceSwitchTest(@TempDir Path folder) {
    this.file = folder.resolve("ftrace_enabled");
  }

  private Switch ask(Duration patience) throws InterruptedException {
    return FtraceSwitch.ask(spawner, file, patience);
  }

  @Test
  void itIsOnOrOffOrNotKnown() throws Exception {
    assertThat(ask(PATIENCE)).isEqualTo(Switch.UNKNOWN);
    Files.writeString(file, "0\n");
    assertThat(ask(PATIENCE)).isEqualTo(Switch.OFF);
    Files.writeString(file, "1\n");
    assertThat(ask(PATIENCE)).isEqualTo(Switch.ON);
  }

  /** A FIFO does what ftrace's files do while another has its lock: whoever opens it waits. */
  @Test
  void whoHoldsTheLockDoesNotHoldUs() throws Exception {
    assertThat(new ProcessBuilder("/usr/bin/mkfifo", file.toString()).start().waitFor()).isZero();
    assertThat(ask(Duration.ofMillis(200))).isEqualTo(Switch.HELD);
    Files.delete(file);
    Files.writeString(file, "1\n");
    assertThat(ask(PATIENCE)).isIn(Switch.ON, Switch.HELD);
    while (spawner.holds(Spawner.Task.LOOK)) {
      Thread.onSpinWait();
    }
    assertThat(ask(PATIENCE)).isEqualTo(Switch.ON);
    assertThat(spawner.running()).isEmpty();
  }
}
