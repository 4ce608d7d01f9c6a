package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class MitigateCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "mitigate --apply --undo     | opposites",
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
  void withNothingRememberedThereIsNothingToUndo(@TempDir Path state) {
    assumeThat(System.getProperty("user.name")).isEqualTo("root");
    assertThat(execute("mitigate", "--undo", "--state-dir", state.toString())).isZero();
    assertThat(out.toString()).contains("nothing to undo");
    assertThat(execute("mitigate", "--undo", "--tap", "x", "--state-dir", state.toString()))
        .isEqualTo(3);
    assertThat(err.toString()).contains("no mitigated tap is remembered of tap x");
  }

  private int execute(String... arguments) {
    CommandLine commandLine = Vhostwatch.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }
}
