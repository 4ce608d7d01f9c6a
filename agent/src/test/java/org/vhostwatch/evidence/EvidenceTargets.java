package org.vhostwatch.evidence;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.fuzz.Claim;
import org.vhostwatch.fuzz.FuzzTarget;
import org.vhostwatch.fuzz.Scratch;

/** Recordings, through detector and report. */
public final class EvidenceTargets {

  private EvidenceTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "recording",
            "recordings of diagnose, through the detector",
            8192,
            2 << 20,
            8192,
            EvidenceTargets::reader));
  }

  private record Timed(long at, Event event) {}

  /** What was read, written and read again is the same, and gives the same findings. */
  private static FuzzTarget.Reader reader() {
    Scratch file = new Scratch("recording/input");
    Scratch other = new Scratch("recording/again");
    return input -> {
      List<Timed> events = new ArrayList<>();
      events(file.write(input), events);
      Diagnosis diagnosis = new Diagnosis(Settings.DEFAULT);
      events.forEach(timed -> diagnosis.accept(timed.at, timed.event));
      Findings findings = diagnosis.findings();
      for (QueueVerdict verdict : findings.verdicts()) {
        Claim.that(
            verdict.verdict() != Verdict.LIVELOCKED || verdict.criteria().size() > 1,
            "a livelock without its criteria");
      }
      if (events.isEmpty()) {
        return;
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (Recording recording = Recording.to(bytes)) {
        for (Timed timed : events) {
          recording.add(timed.at, timed.event);
        }
      }
      List<Timed> again = new ArrayList<>();
      events(other.write(bytes.toByteArray()), again);
      Claim.same(events, again, "a recording");
    };
  }

  private static void events(Path file, List<Timed> events) throws IOException {
    try {
      RecordingReader.read(file, (at, event) -> events.add(new Timed(at, event)));
    } catch (RecordingReader.FormatException e) {
      // The events before the fault are as good as any.
      Claim.that(!String.valueOf(e.getMessage()).isEmpty(), "refused without a reason");
    }
  }
}
