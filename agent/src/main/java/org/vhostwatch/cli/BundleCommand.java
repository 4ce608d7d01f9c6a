package org.vhostwatch.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.config.Keys;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.incident.Bundle;
import org.vhostwatch.incident.HostFacts;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.Stored;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.state.StateDirectory;
import org.vhostwatch.state.WholeFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhostwatch bundle}: one archive for a bug report. */
@Command(
    name = "bundle",
    sortOptions = false,
    header = "Packs one incident into an archive for a kernel or distribution bug report.",
    description = {
      "A zip with the incident, its recording, the kernel's versions and the log. Run it on the host "
          + "that had the incident, before its kernel is replaced.",
      ""
    },
    parameterListHeading = "Parameters:%n",
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:packed",
      "1:packed without a recording: no capture could be made, or it is damaged",
      "3:the incident cannot be read, or the archive not be written",
      "64:wrong usage, an id that does not exist or an archive that does among it",
      "78:wrong configuration"
    })
final class BundleCommand implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Parameters(paramLabel = "ID", description = "The incident; the beginning of its id is enough.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private String id;

  @Option(
      names = "--redact",
      description =
          "Replace names of VMs, taps, bridges and the host, UUIDs, IP, MAC and kernel addresses, "
              + "each by the same word everywhere.")
  private boolean redact;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "The archive, a new file; else vhostwatch-ID.zip in the working folder.")
  private @Nullable Path output;

  @Mixin private final Configured configured = Configured.with(Keys.STATE_DIR);

  @Override
  public Integer call() throws Failure {
    PrintWriter err = spec.commandLine().getErr();
    StateDirectory folder = IncidentFiles.folder(configured.namedState());
    Incident incident = IncidentFiles.named(id, IncidentFiles.read(folder, err), folder);
    Optional<byte[]> recording = recording(folder, incident, err);
    ProcFs fs = new ProcFs(Path.of("/"));
    Path file = output == null ? Path.of("vhostwatch-" + incident.id() + ".zip") : output;
    try {
      Bundle bundle =
          Bundle.of(
              incident,
              recording,
              HostFacts.read(fs),
              HostFacts.hostName(fs),
              Version.text(),
              redact);
      write(bundle, file);
    } catch (FileAlreadyExistsException e) {
      throw new Failure(ExitCode.USAGE, file + " exists; name a new file with --output");
    } catch (IOException e) {
      throw new Failure(
          ExitCode.UNKNOWN, "cannot pack " + incident.id() + " into " + file + ": " + e);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(file);
    out.flush();
    return recording.isPresent() ? ExitCode.OK : ExitCode.WARNING;
  }

  private static Optional<byte[]> recording(
      StateDirectory folder, Incident incident, PrintWriter err) {
    try {
      Optional<byte[]> recording = Stored.recording(folder, incident.id());
      if (recording.isEmpty()) {
        err.println("vhostwatch: this incident has no recording");
      }
      return recording;
    } catch (IOException e) {
      err.println("vhostwatch: the recording is left out: " + e.getMessage());
      return Optional.empty();
    }
  }

  private static void write(Bundle bundle, Path file) throws IOException {
    try (WholeFile made = WholeFile.create(file)) {
      try (OutputStream out = new BufferedOutputStream(made.out())) {
        bundle.write(out);
      }
      made.finish();
    }
  }
}
