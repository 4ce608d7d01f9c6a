package org.vhostwatch.exposure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.TapPort;

class TapsTest {

  @Test
  void theKernelIsAskedForAnMtuThatSysfsDoesNotShow(@TempDir Path nothing) throws IOException {
    try (Taps taps = new Taps(new ProcFs(nothing))) {
      assertThat(mtu(taps, "lo")).isPositive();
      assertThat(mtu(taps, "vwnotthere0")).isZero();
      assertThat(mtu(taps, "a-name-of-more-than-15-bytes")).isZero();
    }
  }

  @Test
  void whatAMacvtapTakesIsNotItsOwnFeatures(@TempDir Path nothing) throws IOException {
    try (Taps taps = new Taps(new ProcFs(nothing))) {
      TapState state = taps.read(new TapPort("lo", 1, "", 0, -1, true, true), 0);
      assertThat(state.offloads()).isEmpty();
      assertThat(state.offloadTrouble()).contains("a macvtap", "by what its VMM asked for");
      assertThat(state.mtu()).isPositive();
    }
  }

  private static int mtu(Taps taps, String name) {
    return taps.read(new TapPort(name, 0, "", 0, -1, false), 0).mtu();
  }
}
