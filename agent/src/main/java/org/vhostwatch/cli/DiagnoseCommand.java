package org.vhostwatch.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.config.Keys;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.evidence.Diagnosis;
import org.vhostwatch.evidence.Examination;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.exposure.KernelRater;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.Spawner;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.JsonReport;
import org.vhostwatch.report.Printable;
import org.vhostwatch.report.Style;
import org.vhostwatch.report.TextReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vhostwatch diagnose}: one look at this host, with probes. */
@Command(
    name = "diagnose",
    sortOptions = false,
    header = "Looks once at all vhost_net queues of this host and says what is wrong with them.",
    description = {
      "Takes a census, captures evidence on the workers that look suspicious, takes a second census, "
          + "and detaches. Ends in time although a livelock goes on. Needs root.",
      ""
    },
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:nothing wrong",
      "1:a queue spins now and then, or is stalled, or nothing accounts for a worker's CPU time",
      "2:a queue is livelocked",
      "3:not enough could be seen to tell",
      "64:wrong usage",
      "78:wrong configuration"
    })
final class DiagnoseCommand implements Callable<Integer> {

  /** Beyond the confirm time, for the first and the last pass to be seen. */
  private static final Duration MARGIN = Duration.ofSeconds(1);

  private static final Duration LONGEST = Duration.ofMinutes(10);

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = Durations.class,
      defaultValue = "5s",
      description = "How long to capture, 4s to 10m (default: ${DEFAULT-VALUE}).")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Duration duration;

  @Mixin private final Selection selection = new Selection();

  @Mixin private final FormatOption format = new FormatOption();

  @Option(
      names = "--record",
      paramLabel = "FILE",
      description = "Write all that was seen to a new file, for `vhostwatch replay`.")
  private @Nullable Path record;

  @Mixin
  private final Configured configured =
      Configured.ifKnown(Keys.STATE_DIR, Keys.BPFTRACE, Keys.SCRIPTS);

  @Override
  public Integer call() throws Failure, IOException, InterruptedException {
    Settings settings = Settings.DEFAULT;
    Duration least = settings.confirm().plus(MARGIN);
    if (duration.compareTo(least) < 0 || duration.compareTo(LONGEST) > 0) {
      throw new ParameterException(
          spec.commandLine(),
          "--duration must be between " + least.toSeconds() + "s and " + LONGEST.toMinutes() + "m");
    }
    PrintWriter err = spec.commandLine().getErr();
    Spawner spawner = new Spawner();
    ProbeKit kit = ProbeKit.prepare(configured.kit(), spawner);
    kit.idle().ifPresent(why -> err.println("vhostwatch: " + why));
    kit.troubles().forEach(trouble -> err.println("vhostwatch: " + trouble));
    KernelExposure exposure =
        new KernelRater(new ProcFs(Path.of("/")), configured.state(), Optional.of(spawner)).rate();
    Findings findings;
    try (RecordingFile file = record == null ? null : RecordingFile.create(record)) {
      Examination examination =
          new Examination(
              kit,
              new Diagnosis(settings),
              file == null ? null : file.recording(),
              words -> err.println("vhostwatch: " + words),
              Configured.PATIENCE);
      Findings seen =
          examination.examine(
              duration,
              selection::worker,
              selection::unlisted,
              settings.confirm().plus(MARGIN),
              exposure);
      Optional<String> trouble =
          file == null ? Optional.empty() : file.finish(examination.unrecorded());
      trouble.ifPresent(
          words -> err.println("vhostwatch: " + Printable.of(words, Vhostwatch.MAX_MESSAGE)));
      findings = trouble.map(seen::with).orElse(seen);
    }
    Findings selected = selection.of(findings);
    PrintWriter out = spec.commandLine().getOut();
    out.print(format.json() ? JsonReport.of(selected) : TextReport.of(selected, Style.ofStdout()));
    out.flush();
    return ExitCode.of(selected);
  }
}
