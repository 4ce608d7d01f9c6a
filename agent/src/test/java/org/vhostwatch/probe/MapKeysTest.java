package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.FakeHost;

class MapKeysTest {

  @Test
  void aCaptureHasRoomForTheHeadsOfItsWorkers() {
    assertThat(MapKeys.ofCapture(1, 64)).isEqualTo(1_536);
    assertThat(MapKeys.ofCapture(3, 64)).isEqualTo(3_584);
    assertThat(MapKeys.ofCapture(16, 64)).isEqualTo(16_384);
    assertThat(MapKeys.ofCapture(Integer.MAX_VALUE, 2)).isEqualTo(16_384);
  }

  @Test
  void theMapsOfACaptureLeaveMostOfTheUnitsMemory() {
    for (int cpus : new int[] {1, 2, 64, 128, 256, 512, 1024, 8192}) {
      int keys = MapKeys.ofCapture(16, cpus);
      assertThat(keys).as("%d CPUs", cpus).isBetween(200, 16_384);
      assertThat((long) MapKeys.COUNTING * keys * 8 * cpus)
          .as("bytes with %d CPUs", cpus)
          .isLessThanOrEqualTo(128L << 20);
    }
  }

  @Test
  void theScriptHasAsManyMapsThatCountAsIsReckonedWith() throws IOException {
    String script = Files.readString(Kernels.scripts().resolve("evidence.bt"));
    assertThat(
            Pattern.compile("(@\\w+)\\[.*\\] = (?:count|sum)\\(")
                .matcher(script)
                .results()
                .map(found -> found.group(1))
                .distinct())
        .hasSize(MapKeys.COUNTING)
        .contains("@desc_ret", "@stack");
  }

  @Test
  void theHostSaysHowManyCpusItMayEverHave(@TempDir Path root) {
    FakeHost host = new FakeHost(root);
    assertThat(MapKeys.possibleCpus(host.fs())).as("not said").isEqualTo(512);
    assertThat(possible(host, "0\n")).isEqualTo(1);
    assertThat(possible(host, "0-255\n")).isEqualTo(256);
    assertThat(possible(host, "0,2-7\n")).isEqualTo(8);
    assertThat(possible(host, "0-3,8\n")).isEqualTo(9);
    assertThat(possible(host, "\n")).isEqualTo(512);
  }

  private static int possible(FakeHost host, String list) {
    return MapKeys.possibleCpus(host.file("sys/devices/system/cpu/possible", list).fs());
  }
}
