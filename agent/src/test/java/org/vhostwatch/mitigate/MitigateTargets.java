package org.vhostwatch.mitigate;

import java.io.IOException;
import java.util.List;
import org.vhostwatch.fuzz.Claim;
import org.vhostwatch.fuzz.FuzzTarget;
import org.vhostwatch.fuzz.Scratch;
import org.vhostwatch.state.StateDirectory;

/** The journal of what was before. */
public final class MitigateTargets {

  private MitigateTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "journal",
            "mitigation.json in the state folder",
            4096,
            512 << 10,
            1024,
            MitigateTargets::reader));
  }

  /** What was read and written is read as it was: entries tell what to restore. */
  private static FuzzTarget.Reader reader() {
    Scratch file = new Scratch("journal/" + Journal.FILE);
    Journal journal = new Journal(new StateDirectory(Scratch.root().resolve("journal")));
    Journal again = new Journal(new StateDirectory(Scratch.root().resolve("journal")));
    return input -> {
      file.write(input);
      List<Entry> entries;
      try {
        entries = journal.read();
      } catch (IOException e) {
        Claim.that(e.getMessage() != null, "refused without a reason");
        return;
      }
      file.write(Journal.bytes(entries));
      Claim.same(entries, again.read(), "the journal");
    };
  }
}
