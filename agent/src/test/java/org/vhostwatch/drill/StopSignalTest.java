package org.vhostwatch.drill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class StopSignalTest {

  private static final int SIGTSTP = 20;

  @Test
  void theKernelIsToldToIgnoreCtrlZUntilTheEnd() throws IOException {
    boolean before = ignored();
    try (StopSignal stop = StopSignal.install()) {
      assertThat(stop.stopped()).isFalse();
      assertThat(ignored()).isTrue();
    }
    assertThat(ignored()).isEqualTo(before);
  }

  private static boolean ignored() throws IOException {
    String mask =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .map(line -> line.substring("SigIgn:".length()).strip())
            .findFirst()
            .orElseThrow();
    return (Long.parseUnsignedLong(mask, 16) >>> (SIGTSTP - 1) & 1) == 1;
  }
}
