package org.vhostwatch.mitigate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.libc.TestTap;

class HeldTapsTest {
  private static final int PID = (int) ProcessHandle.current().pid();

  @Test
  void aTapThatAProcessHoldsIsKnownByItsNameAndThatProcess() throws Exception {
    assumeThat(Files.isWritable(Path.of("/dev/net/tun"))).isTrue();
    assumeThat(System.getProperty("user.name")).isEqualTo("root");
    String name = "vwheld" + PID % 100_000;
    Vmm vmm = new Vmm(PID, 1, "qemu", "web01", Optional.empty(), Optional.empty());
    TestTap tap = TestTap.create(name);
    try {
      assertThat(HeldTaps.of(List.of(vmm), Duration.ofSeconds(20)))
          .containsExactly(new Target(name, 0, 0, PID, "web01", false, "", true, true, List.of()));
    } finally {
      tap.close();
    }
  }
}
