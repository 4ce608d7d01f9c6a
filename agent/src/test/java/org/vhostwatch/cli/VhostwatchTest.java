package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.report.ExitCode;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class VhostwatchTest {

  private static final Map<String, CommandLine> ALL = Vhostwatch.commandLine().getSubcommands();

  @Test
  void aCommandHasTheNameThatItSaysItself() {
    assertThat(ALL).hasSizeGreaterThan(10);
    ALL.forEach(
        (name, command) -> {
          Command said =
              command.getCommandSpec().userObject().getClass().getAnnotation(Command.class);
          assertThat(said.name()).isEqualTo(name);
        });
  }

  @Test
  void aCommandThatIsMadeAloneSaysTheSameAsAmongAll() {
    ALL.forEach(
        (name, command) -> {
          Map<String, CommandLine> alone =
              Vhostwatch.commandLine(new String[] {name, "--help"}).getSubcommands();
          assertThat(alone).containsOnlyKeys(name);
          assertThat(Objects.requireNonNull(alone.get(name)).getUsageMessage())
              .isEqualTo(command.getUsageMessage())
              .contains("--verbose");
        });
  }

  @Test
  void whatIsNoCommandIsToldBesideAllThatAre() {
    Ran typo = Ran.of("diagnos");
    assertThat(typo.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(typo.err()).contains("diagnos").contains("diagnose");
    assertThat(Ran.of("--help").out()).contains(ALL.keySet());
  }

  @ParameterizedTest
  @ValueSource(strings = {"help diagnos", "diagnos --help", "-v diagnos -h", "--help diagnos"})
  void theHelpOfWhatIsNoCommandIsWrongUsage(String line) {
    Ran typo = Ran.of(Vhostwatch.plain(line.split(" ", -1)));
    assertThat(typo.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(typo.err()).contains("'diagnos'");
    assertThat(typo.out()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"help", "help diagnose", "diagnose --help", "--help diagnose", "--version"})
  void helpIsGivenOfAllThatThereIs(String line) {
    Ran help = Ran.of(Vhostwatch.plain(line.split(" ", -1)));
    assertThat(help.exitCode()).isZero();
    assertThat(help.out()).contains("vhostwatch");
    assertThat(help.err()).isEmpty();
  }
}
