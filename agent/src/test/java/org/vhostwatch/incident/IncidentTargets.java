package org.vhostwatch.incident;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.RecordingReader;
import org.vhostwatch.fuzz.Claim;
import org.vhostwatch.fuzz.FuzzTarget;
import org.vhostwatch.fuzz.Scratch;
import org.vhostwatch.probe.EvidencePlan;

/** Incidents on disk. */
public final class IncidentTargets {

  private IncidentTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "incident",
            "incident files in the state folder",
            8192,
            1 << 20,
            2048,
            () -> IncidentTargets::incident),
        new FuzzTarget(
            "tape",
            "lines of bpftrace that become an incident's recording",
            4096,
            1 << 20,
            4096,
            IncidentTargets::tape));
  }

  /** What was read and written is read as it was, and is written the same. */
  private static void incident(byte[] input) throws IOException {
    Incident incident;
    try {
      incident = IncidentJson.read(new String(input, StandardCharsets.UTF_8));
    } catch (IOException | IllegalArgumentException e) {
      // Both are declared to Stored.read, which tells them as troubles.
      Claim.that(!Stored.oneLine(e).isEmpty(), "refused without a reason");
      return;
    }
    Claim.printable(IncidentText.of(incident));
    Claim.printable(IncidentText.list(List.of(incident)));
    String text = IncidentJson.of(incident);
    Claim.that(text.chars().allMatch(c -> c < 128), "JSON that is not ASCII");
    Claim.same(text, IncidentJson.of(IncidentJson.read(text)), "an incident");
  }

  /** No line of another VM's process gets into it, and what does comes back as it was. */
  private static FuzzTarget.Reader tape() {
    Scratch file = new Scratch("tape/input");
    EvidencePlan plan = new EvidencePlan(Set.of(183), true, false, "", "", true, true, true);
    Event.Host host = new Event.Host(0, "6.18.15", "0.23.2", true, List.of(), Optional.empty());
    return input -> {
      Transcript census = Transcript.ofCensus(1);
      Transcript capture = Transcript.ofCapture(1);
      List<String> lines = new String(input, StandardCharsets.UTF_8).lines().toList();
      for (String line : lines) {
        census.add(2, line);
        capture.add(2, line);
      }
      Tape tape = new Tape(host, List.of(), Optional.of(census), plan, capture);
      file.write(tape.bytes(Set.of(179)));
      int[] captured = {0};
      try {
        RecordingReader.read(
            file.path(),
            (at, event) -> {
              if (event instanceof Event.Line line && line.source() == Event.Source.CENSUS) {
                Claim.that(
                    line.text().contains("pid=179 ") || line.text().contains("owner=179 "),
                    "a line of another VM",
                    line.text());
              } else if (event instanceof Event.Line line) {
                Claim.same(lines.get(captured[0]++), line.text(), "a line");
              }
            });
      } catch (RecordingReader.FormatException e) {
        throw new AssertionError("our own recording is refused", e);
      }
      Claim.same(lines.size(), captured[0], "lines");
    };
  }
}
