package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vhostwatch.drill.Behaviour;
import org.vhostwatch.drill.DrillFeatures;
import org.vhostwatch.drill.DrillOptions;
import org.vhostwatch.drill.DrillReport;
import org.vhostwatch.drill.DrillResult;
import org.vhostwatch.drill.Measurement;
import org.vhostwatch.drill.Moment;
import org.vhostwatch.exposure.DrillRecord;
import org.vhostwatch.exposure.KernelIdentity;
import org.vhostwatch.state.StateDirectory;
import picocli.CommandLine;

class DrillCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--seconds x              | 'x' is not an int",
        "--seconds 0              | the drill lasts 1 s to 1 day: 0 s",
        "--buffers 20             | nothing starves, post fewer than 15",
        "--ring 100               | a power of two: 100",
        "--frame 70000            | 67 to 65549: 70000",
        "--behaviour dead         | unknown behaviour 'dead'",
        "--behaviour slow --refill-after 3 | only refill-after",
        "--tap a/b                | 'a/b'",
        "--tap lo                 | interface lo exists",
        "--format xml             | 'xml'",
        "extra                    | 'extra'"
      })
  void wrongUsageExitsWith64AndNamesTheValue(String arguments, String message) {
    assertThat(execute(arguments.split(" +"))).isEqualTo(64);
    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void withoutVhostItSaysWhatToDoAndExitsWith3(@TempDir Path devices) {
    Path vhostNet = devices.resolve("vhost-net");
    CommandLine drill = new CommandLine(new DrillCommand(vhostNet));
    drill.setCaseInsensitiveEnumValuesAllowed(true);
    assertThat(execute(drill, "--format", "json")).isEqualTo(3);
    assertThat(err.toString())
        .isEqualToIgnoringNewLines(
            "error: no " + vhostNet + ": load the module first (modprobe vhost_net)");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void aResultIsKeptIfTheKernelWasTheSameFromStartToEnd(@TempDir Path folder) {
    StateDirectory state = new StateDirectory(folder.resolve("state"));
    assertThat(DrillCommand.keep(spun(), kernel("A", false), kernel("B", false), state))
        .contains("changed meanwhile");
    assertThat(DrillCommand.keep(spun(), kernel("A", true), kernel("A", true), state))
        .contains("in transition");
    assertThat(folder.resolve("state").resolve(DrillRecord.FILE)).doesNotExist();
    assertThat(DrillCommand.keep(spun(), kernel("A", false), kernel("A", false), state)).isEmpty();
    assertThat(folder.resolve("state").resolve(DrillRecord.FILE)).exists();
  }

  private static KernelIdentity kernel(String code, boolean moving) {
    return new KernelIdentity("boot", "6.18.15", "#1 SMP", code, moving);
  }

  private static DrillReport spun() {
    Duration length = Duration.ofSeconds(10);
    Moment moment = new Moment(Instant.EPOCH, 0, 1, 10, 0, 0);
    return new DrillReport(
        "6.18.15",
        new DrillOptions(
            Behaviour.LIVELOCK,
            null,
            60_366,
            10,
            4096,
            256,
            new DrillFeatures(true, false, false),
            length,
            length),
        "vwdrill0",
        7,
        new Measurement(List.of(1), moment, moment, 0, true, null, false),
        new DrillReport.Counts(1, 0, 1),
        DrillResult.SPUN,
        "this kernel spins");
  }

  @Test
  void helpListsTheExitCodes() {
    assertThat(execute("--help")).isZero();
    assertThat(out.toString()).contains("Exit codes:", "2 ", "this kernel spins", "64");
  }

  private int execute(String... arguments) {
    return execute(
        Vhostwatch.commandLine(),
        Stream.concat(Stream.of("drill"), Stream.of(arguments)).toArray(String[]::new));
  }

  private int execute(CommandLine commandLine, String... arguments) {
    return commandLine
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
