package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class MitigateCommandTest {
  private final Path state;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  MitigateCommandTest(@TempDir Path state) {
    this.state = state;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "mitigate --apply --undo     | opposites",
        "mitigate --undo --force     | --undo needs no --force",
        "mitigate --format xml       | 'xml'",
        "mitigate extra              | 'extra'",
        "run --mitigate-limit 0       | '--mitigate-limit': '0' is out of range; right is a whole number",
        "run --mitigate-cooldown 2d   | '2d' is not a time",
        "run --mitigate-cooldown 10ms | '10ms' is out of range; right is a time"
      })
  void wrongUsageExitsWith64AndNamesTheValue(String arguments, String message) {
    assertThat(execute(arguments.split(" +"))).isEqualTo(64);
    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void withNothingRememberedThereIsNothingToUndo() {
    assumeThat(System.getProperty("user.name")).isEqualTo("root");
    assertThat(execute("mitigate", "--undo", "--state-dir", state.toString())).isZero();
    assertThat(out.toString()).contains("nothing to undo");
    assertThat(execute("mitigate", "--undo", "--tap", "x", "--state-dir", state.toString()))
        .isEqualTo(3);
    assertThat(err.toString()).contains("no mitigated tap is remembered of tap x");
  }

  @Test
  void oneTapThatIsMistypedAmongSeveralChangesNothing() throws IOException {
    assumeThat(System.getProperty("user.name")).isEqualTo("root");
    Path journal =
        Files.writeString(
            state.resolve("mitigation.json"),
            """
            {"schema":"vhostwatch.mitigation-journal/1","taps":[{"boot_id":"another","netns":7,
            "netns_cookie":"7","ifindex":7,"tap":"vnet3","driver":"tun","vm":"web01",
            "time":"2026-11-18T11:06:40Z","requested":{"tx-scatter-gather":true}}]}
            """);
    String before = Files.readString(journal);
    assertThat(undo("--tap", "vnet3", "--tap", "vnet33", "--tap", "vnet44")).isEqualTo(3);
    assertThat(err.toString())
        .contains("no mitigated tap is remembered of tap vnet33, vnet44: nothing was changed");
    assertThat(undo("--tap", "vnet3", "--vm", "web02")).isEqualTo(3);
    assertThat(err.toString()).contains("remembered of tap vnet3 and VM web02: nothing");
    assertThat(undo("--vm", "web02")).isEqualTo(3);
    assertThat(journal).hasContent(before);
    assertThat(out.toString()).isEmpty();
    assertThat(undo("--tap", "vnet3", "--tap", "vnet3")).isZero();
    assertThat(out.toString()).contains("gone", "vnet3");
  }

  private int undo(String... arguments) {
    return execute(
        Stream.concat(
                Stream.of("mitigate", "--undo", "--state-dir", state.toString()),
                Stream.of(arguments))
            .toArray(String[]::new));
  }

  private int execute(String... arguments) {
    CommandLine commandLine = Vhostwatch.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }
}
