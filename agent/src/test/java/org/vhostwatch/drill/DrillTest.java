package org.vhostwatch.drill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DrillTest {

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path devices;

  @Test
  void thatItsOwnOpeningLoadedTheModuleIsSaid() throws IOException {
    assertThat(prepared(false, true))
        .containsExactly(
            "vhost_net was loaded for this, with the modules it needs: they stay loaded");
  }

  @Test
  void ofAModuleThatWasThereOrIsNotShownNothingIsSaid() throws IOException {
    assertThat(prepared(true, true)).isEmpty();
    assertThat(prepared(false, false)).isEmpty();
  }

  private List<String> prepared(Boolean before, Boolean after) throws IOException {
    Path device = devices.resolve("vhost-net");
    Files.writeString(device, "");
    List<String> lines = new ArrayList<>();
    Iterator<Boolean> loaded = List.of(before, after).iterator();
    try (StopSignal stop = StopSignal.install()) {
      new Drill(JudgeTest.options(Behaviour.LIVELOCK, 10, true), device, stop, lines::add)
          .prepare(loaded::next);
    }
    return lines;
  }
}
