package org.vhostwatch.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.config.Keys;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.IncidentJson;
import org.vhostwatch.incident.IncidentText;
import org.vhostwatch.incident.Stored;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.state.StateDirectory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhostwatch incidents}: what the daemon has kept of livelocks. */
@Command(
    name = "incidents",
    sortOptions = false,
    header = "Lists the livelocks that the daemon has seen, or shows one with its evidence.",
    description = {
      "Reads the records that `vhostwatch run` keeps on disk; the daemon need not run.",
      ""
    },
    parameterListHeading = "Parameters:%n",
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:none of them goes on",
      "2:a livelock goes on, or went on when the daemon ended",
      "3:the records cannot be read",
      "64:wrong usage, an id that does not exist among it",
      "78:wrong configuration"
    })
final class IncidentsCommand implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Parameters(
      paramLabel = "ID",
      arity = "0..1",
      description = "Show this one; the beginning of its id is enough.")
  private @Nullable String id;

  @Mixin private final FormatOption format = new FormatOption();

  @Mixin private final Configured configured = Configured.with(Keys.STATE_DIR);

  @Override
  public Integer call() throws Failure {
    StateDirectory folder = IncidentFiles.folder(configured.namedState());
    Stored stored = IncidentFiles.read(folder, spec.commandLine().getErr());
    PrintWriter out = spec.commandLine().getOut();
    if (id != null) {
      Incident incident = IncidentFiles.named(id, stored, folder);
      out.print(format.json() ? IncidentJson.of(incident) : IncidentText.of(incident));
      out.flush();
      return incident.state() == Incident.State.CLOSED ? ExitCode.OK : ExitCode.LIVELOCKED;
    }
    out.print(
        format.json()
            ? IncidentJson.list(stored.incidents(), stored.troubles())
            : IncidentText.list(stored.incidents()));
    out.flush();
    boolean open =
        stored.incidents().stream().anyMatch(incident -> incident.state() != Incident.State.CLOSED);
    return open ? ExitCode.LIVELOCKED : ExitCode.OK;
  }
}
