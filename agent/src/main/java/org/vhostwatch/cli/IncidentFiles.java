package org.vhostwatch.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.util.List;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.Stored;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.Printable;
import org.vhostwatch.state.StateDirectory;

/** The incidents on disk, for commands. */
final class IncidentFiles {

  private IncidentFiles() {}

  static StateDirectory folder(StateDirectory state) {
    return state.in(Stored.FOLDER);
  }

  /** Returns all of them; what cannot be read is said on {@code err}. */
  static Stored read(StateDirectory folder, PrintWriter err) throws Failure {
    try {
      Stored stored = Stored.read(folder);
      stored.troubles().forEach(trouble -> err.println("vhostwatch: " + Printable.line(trouble)));
      return stored;
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }

  /** Returns what a command fails with whose folder of incidents cannot be read. */
  static Failure unreadable(StateDirectory folder, IOException why) {
    return new Failure(
        ExitCode.UNKNOWN,
        why instanceof AccessDeniedException
            ? folder.path()
                + ": access denied; run as root, or ask the daemon with `vhostwatch status`"
            : "the incidents in " + folder.path() + " cannot be read: " + why.getMessage());
  }

  /** Returns the only incident whose id begins so. */
  static Incident named(String id, Stored stored, StateDirectory folder) throws Failure {
    List<Incident> found =
        stored.incidents().stream().filter(incident -> incident.id().startsWith(id)).toList();
    if (found.size() == 1) {
      return found.get(0);
    }
    throw new Failure(
        ExitCode.USAGE,
        found.isEmpty()
            ? "no incident '" + id + "' in " + folder.path() + "; `vhostwatch incidents` lists them"
            : "'"
                + id
                + "' may be any of "
                + found.size()
                + " incidents: "
                + found.stream().limit(5).map(Incident::id).toList()
                + "; give more of it");
  }
}
