package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Key;
import org.vhostwatch.config.Keys;
import org.vhostwatch.report.ExitCode;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** What a command goes by whose file is refused as a whole. */
class ConfiguredTest {

  private Path file = Path.of("");
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void refused(@TempDir Path folder) throws IOException {
    file = Files.writeString(folder.resolve("vhostwatch.conf"), "state-dir = /srv/state");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "incidents | state-dir of FILE is not known; mend the file, or give --state-dir",
        "bundle | state-dir of FILE is not known; mend the file, or give --state-dir",
        "drill | state-dir of FILE is not known; mend the file, or give --state-dir",
        "mitigate | state-dir, bpftrace, scripts of FILE are not known; mend the file, or give"
            + " --state-dir, --bpftrace, --scripts"
      })
  void whoWouldLookElsewhereIsRefused(String command, String message) {
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> configured(command).accepted(found(Map.of(), Map.of())))
        .withMessage(message.replace("FILE", file.toString()))
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIGURATION));
    assertThat(err.toString())
        .isEqualTo("vhostwatch: " + found(Map.of(), Map.of()).problems().get(0).text() + "\n")
        .contains("writable by others");
  }

  @Test
  void whatOptionsAndEnvironmentSayIsKnown() throws Exception {
    Map<Key<?>, String> option = Map.of(Keys.STATE_DIR, "/srv/other");
    assertThat(accepted("incidents", option, Map.of())).isEqualTo(Path.of("/srv/other"));
    assertThat(accepted("incidents", Map.of(), Map.of("VHOSTWATCH_STATE_DIR", "/srv/third")))
        .isEqualTo(Path.of("/srv/third"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"diagnose", "threads", "exposure", "status"})
  void whoCanDoWithoutSaysSo(String command) throws Exception {
    accepted(command, Map.of(), Map.of());
    assertThat(err.toString())
        .contains(
            " of " + file + " are not known; the defaults are used\n",
            "the configuration has 1 problem; `vhostwatch check` says which\n");
  }

  @Test
  void aLineThatIsNoTextMayBeOfAnyKeyThatNoOtherLineSets() throws Exception {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.write(file, "state-dir = /srv/b\u00fcro\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> accepted("incidents", Map.of(), Map.of()));
    Files.write(
        file, "state-dir = /srv/state\n# b\u00fcro\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(accepted("incidents", Map.of(), Map.of())).isEqualTo(Path.of("/srv/state"));
  }

  private Path accepted(
      String command, Map<Key<?>, String> commandLine, Map<String, String> environment)
      throws Failure {
    return configured(command).accepted(found(commandLine, environment)).get(Keys.STATE_DIR);
  }

  private Configuration.Found found(
      Map<Key<?>, String> commandLine, Map<String, String> environment) {
    return Configuration.find(commandLine, environment, file, true);
  }

  /** Returns that of a command as it is. */
  private Configured configured(String name) {
    CommandLine command =
        Objects.requireNonNull(Vhostwatch.commandLine().getSubcommands().get(name))
            .setErr(new PrintWriter(err, true));
    return command.getCommandSpec().mixins().values().stream()
        .map(CommandSpec::userObject)
        .filter(Configured.class::isInstance)
        .map(Configured.class::cast)
        .findFirst()
        .orElseThrow();
  }
}
