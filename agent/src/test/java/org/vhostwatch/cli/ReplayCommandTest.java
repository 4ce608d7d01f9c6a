package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.Recording;
import org.vhostwatch.evidence.Scenes;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.report.ExitCode;

class ReplayCommandTest {

  private Path file = Path.of("");

  @BeforeEach
  void folder(@TempDir Path folder) {
    file = folder.resolve("recording");
  }

  @Test
  void withoutACensusAQueueIsFoundByTheTapThatWasInferred() throws Exception {
    record(inferred());
    Ran ran = Ran.of("replay", "--tap", "vnet3", file.toString());
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).startsWith("UNKNOWN (confidence low): ").contains("tap vnet3");
    assertThat(ran.exitCode()).isEqualTo(ExitCode.UNKNOWN);
  }

  @Test
  void ifNothingMatchesWhatCouldNotBeSeenIsTold() throws Exception {
    record(inferred());
    Ran ran = Ran.of("replay", "--tap", "vnet4", file.toString());
    assertThat(ran.exitCode()).isEqualTo(ExitCode.UNKNOWN);
    assertThat(ran.err())
        .startsWith(
            "vhostwatch: no vhost_net queue here is of tap vnet4; trouble: bpftrace is not"
                + " installed");
  }

  @Test
  void whatIsCutOffIsUnknown() throws Exception {
    record(Scenes.livelock());
    List<String> lines = Files.readAllLines(file);
    Files.write(file, lines.subList(0, 3));
    assertThat(Ran.of("replay", file.toString()).exitCode()).isEqualTo(ExitCode.UNKNOWN);
    Files.write(file, lines.subList(0, 4));
    Ran within = Ran.of("replay", file.toString());
    assertThat(within.exitCode()).isEqualTo(ExitCode.UNKNOWN);
    assertThat(within.err()).contains("cut off after line 4");
    assertThat(within.out()).isEmpty();
  }

  private static List<Scenes.Timed> inferred() {
    List<Scenes.Timed> events = new ArrayList<>(Scenes.blind());
    TapPort port = new TapPort("vnet3", 7, "br0", 1, 0, false);
    long last = events.get(events.size() - 1).at();
    events.add(new Scenes.Timed(last, new Event.Ports(Map.of(new WorkerId(183, 4_711), port))));
    return events;
  }

  private void record(List<Scenes.Timed> events) throws IOException {
    try (Recording recording = Recording.to(Files.newOutputStream(file))) {
      for (Scenes.Timed timed : events) {
        recording.add(timed.at(), timed.event());
      }
    }
  }
}
