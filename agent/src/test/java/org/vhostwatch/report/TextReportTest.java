package org.vhostwatch.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.evidence.Scenes;

/** The reports as an operator sees them. Run with -Dgolden.update=true to write them anew. */
class TextReportTest {

  private static final Path GOLDEN = Path.of("src/test/resources/org/vhostwatch/report");

  @Test
  void aLivelockWithItsEvidence() throws IOException {
    compare("livelock.txt", Scenes.livelock());
  }

  @Test
  void aStall() throws IOException {
    compare("stall.txt", Scenes.stall());
  }

  @Test
  void aHealthyHost() throws IOException {
    compare("healthy.txt", Scenes.healthy());
  }

  @Test
  void aHostWhereNothingCouldBeMeasured() throws IOException {
    compare("blind.txt", Scenes.blind());
  }

  @Test
  void aWorkerThatIsBusyForAnUnknownCause() throws IOException {
    compare("unexplained.txt", Scenes.storm());
    assertThat(ExitCode.of(Scenes.findings(Scenes.storm()))).isEqualTo(ExitCode.WARNING);
  }

  @Test
  void aHostWithoutWorkers() {
    assertThat(TextReport.of(Scenes.findings(List.of()), Style.PLAIN))
        .startsWith("no vhost worker on this host\n");
  }

  @Test
  void colourIsOnlyOnTheVerdict() {
    String plain = TextReport.of(Scenes.findings(Scenes.livelock()), Style.PLAIN);
    String colour = TextReport.of(Scenes.findings(Scenes.livelock()), Style.COLOUR);
    assertThat(colour).startsWith("\u001b[1;31mLIVELOCKED\u001b[0m ");
    assertThat(colour.replaceAll("\u001b\\[[0-9;]*m", "")).isEqualTo(plain);
  }

  private static void compare(String name, List<Scenes.Timed> events) throws IOException {
    String report = TextReport.of(Scenes.findings(events), Style.PLAIN);
    Path file = GOLDEN.resolve(name);
    if (Boolean.getBoolean("golden.update")) {
      Files.createDirectories(GOLDEN);
      Files.writeString(file, report, UTF_8);
    }
    assertThat(report).isEqualTo(Files.readString(file, UTF_8));
    assertThat(report.chars()).as("control characters").noneMatch(c -> c < 32 && c != '\n');
  }
}
