package org.vhostwatch.incident;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.evidence.Diagnosis;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.evidence.RecordingReader;
import org.vhostwatch.probe.EvidencePlan;

/** What the daemon keeps of a census and a capture replays to the verdict. */
class TapeTest {

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path temporary;

  @Test
  void theLinesOfARealLivelockReplayToIt() throws Exception {
    Findings findings = replay(tape().bytes(Set.of(181)));
    assertThat(findings.worst()).isEqualTo(Verdict.LIVELOCKED);
    assertThat(findings.verdicts().get(0).evidence()).isNotNull();
    assertThat(Objects.requireNonNull(findings.verdicts().get(0).queue()).process()).isEqualTo(181);
    assertThat(findings.rejected()).isZero();
  }

  @Test
  void linesOfOtherProcessesStayOut() throws Exception {
    Tape tape = tape();
    tape.census().orElseThrow().add(0, "queue vq=1 pid=999 fd=5 owner=999 worker=1 tap=other");
    tape.census().orElseThrow().add(0, "queue vq=1 pid=999 fd=5 owner=999 x=1 tap= pid=181 ");
    String all = new String(tape.bytes(Set.of(181)), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(all).contains("pid=181").doesNotContain("pid=999");
  }

  @Test
  void aFloodOfLinesIsBoundedAndItsEndStays() {
    flood(Transcript.ofCapture(1), 1 << 20);
    flood(Transcript.ofCensus(1), 6 << 20);
  }

  private static void flood(Transcript lines, int bound) {
    for (int i = 0; i < 100_000; i++) {
      lines.add(i, "line " + i + " " + "x".repeat(100));
    }
    List<Transcript.Line> kept = lines.lines();
    assertThat(kept.stream().mapToInt(line -> line.text().length()).sum())
        .isBetween(bound - 200, bound);
    assertThat(kept.get(kept.size() - 1).text()).startsWith("line 99999 ");
  }

  @Test
  void aQueueIsInTheRecordingHoweverManyAreCountedAfterIt() throws Exception {
    Tape tape = tape();
    Transcript census = tape.census().orElseThrow();
    String line =
        census.lines().stream()
            .map(Transcript.Line::text)
            .filter(text -> text.startsWith("queue "))
            .findFirst()
            .orElseThrow();
    String other =
        line.replace("pid=181 ", "pid=999 ")
            .replace("owner=181 ", "owner=999 ")
            .replaceFirst("tap=.*", "tap=other");
    for (int queue = 0; queue < 10_000; queue++) {
      census.add(census.firstAt(), other.replaceFirst("vq=\\d+", "vq=" + (1_000_000 + queue)));
    }
    Findings findings = replay(tape.bytes(Set.of(181)));
    assertThat(Objects.requireNonNull(findings.verdicts().get(0).queue()).process()).isEqualTo(181);
  }

  private static Tape tape() throws Exception {
    Path file =
        Path.of(
            Objects.requireNonNull(RecordingReader.class.getResource("lab/6.18.15-livelock.ndjson"))
                .toURI());
    List<Tape.Sample> samples = new ArrayList<>();
    Event.Host[] host = new Event.Host[1];
    EvidencePlan[] plan = new EvidencePlan[1];
    Transcript[] census = new Transcript[1];
    Transcript[] capture = new Transcript[1];
    RecordingReader.read(
        file,
        (at, event) -> {
          if (event instanceof Event.Host seen) {
            host[0] = seen;
          } else if (event instanceof Event.Workers seen) {
            samples.add(new Tape.Sample(at, seen));
          } else if (event instanceof Event.Begin begin) {
            if (begin.plan() != null) {
              plan[0] = begin.plan();
              capture[0] = Transcript.ofCapture(at);
            } else {
              census[0] = Transcript.ofCensus(at);
            }
          } else if (event instanceof Event.Line line) {
            (line.source() == Event.Source.CENSUS ? census[0] : capture[0]).add(at, line.text());
          } else if (event instanceof Event.End end) {
            (end.source() == Event.Source.CENSUS ? census[0] : capture[0]).end(at);
          }
        });
    return new Tape(host[0], samples, Optional.of(census[0]), plan[0], capture[0]);
  }

  private Findings replay(byte[] recording) throws Exception {
    Path file = Files.write(temporary.resolve("recording"), recording);
    Diagnosis diagnosis = new Diagnosis(Settings.DEFAULT);
    RecordingReader.read(file, diagnosis::accept);
    return diagnosis.findings();
  }
}
