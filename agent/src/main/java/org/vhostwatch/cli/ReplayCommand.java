package org.vhostwatch.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.evidence.Diagnosis;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.evidence.RecordingReader;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.JsonReport;
import org.vhostwatch.report.Style;
import org.vhostwatch.report.TextReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhostwatch replay}: a recording through the same detector and report. */
@Command(
    name = "replay",
    sortOptions = false,
    header = "Runs a recording of `diagnose --record` through the same detector and report.",
    description = {"Gives bit for bit the verdict that was given live. Needs no privileges.", ""},
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:nothing wrong",
      "1:a queue spins now and then, or is stalled, or nothing accounts for a worker's CPU time",
      "2:a queue is livelocked",
      "3:not enough could be seen to tell, or the recording is damaged",
      "64:wrong usage, a file that does not exist among it"
    })
final class ReplayCommand implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The recording.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Path file;

  @Mixin private final FormatOption format = new FormatOption();

  @Mixin private final Selection selection = new Selection();

  @Override
  public Integer call() throws Failure {
    Diagnosis diagnosis = new Diagnosis(Settings.DEFAULT);
    try {
      RecordingReader.read(file, diagnosis::accept);
    } catch (NoSuchFileException e) {
      throw new Failure(ExitCode.USAGE, file + " does not exist");
    } catch (RecordingReader.FormatException e) {
      throw new Failure(ExitCode.UNKNOWN, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new Failure(ExitCode.UNKNOWN, file + ": " + DaemonClient.why(e));
    }
    Findings findings = selection.of(diagnosis.findings());
    PrintWriter out = spec.commandLine().getOut();
    out.print(format.json() ? JsonReport.of(findings) : TextReport.of(findings, Style.ofStdout()));
    out.flush();
    return ExitCode.of(findings);
  }
}
