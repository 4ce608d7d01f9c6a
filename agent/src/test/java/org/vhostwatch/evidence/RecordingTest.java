package org.vhostwatch.evidence;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.detect.Verdict;

class RecordingTest {

  private final Path folder;

  RecordingTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @ValueSource(strings = {"livelock", "stall", "healthy", "blind"})
  void whatIsPlayedIsWhatWasRecorded(String scene) throws Exception {
    List<Scenes.Timed> events = scene(scene);
    Path file = record(events);

    List<Scenes.Timed> played = new ArrayList<>();
    RecordingReader.read(file, (at, event) -> played.add(new Scenes.Timed(at, event)));

    assertThat(played).isEqualTo(events);
    assertThat(Scenes.findings(played)).isEqualTo(Scenes.findings(events));
  }

  @Test
  void theScenesAreWhatTheyAreCalled() {
    assertThat(Scenes.findings(Scenes.livelock()).worst()).isEqualTo(Verdict.LIVELOCKED);
    assertThat(Scenes.findings(Scenes.stall()).worst()).isEqualTo(Verdict.STALLED);
    assertThat(Scenes.findings(Scenes.healthy()).worst()).isEqualTo(Verdict.HEALTHY);
    assertThat(Scenes.findings(Scenes.blind()).worst()).isEqualTo(Verdict.UNKNOWN);
    assertThat(Scenes.findings(Scenes.blind()).blind()).isTrue();
    assertThat(Scenes.findings(Scenes.livelock()).rejected()).as("one damaged line").isEqualTo(1);
  }

  /** What says nothing of a livelock, because it comes later, is no calm host. */
  @ParameterizedTest
  @ValueSource(strings = {"livelock", "stall"})
  void whatIsCutOffBetweenTwoLinesIsNotWhole(String scene) throws Exception {
    Path file = record(scene(scene));
    List<String> lines = Files.readAllLines(file);
    int begins = indexOf(lines, "\"begin\":\"" + probes(scene));
    int ends = indexOf(lines, "\"end\":\"" + probes(scene));
    Files.write(file, lines.subList(0, 1));
    assertThatThrownBy(() -> play(file))
        .isInstanceOf(RecordingReader.FormatException.class)
        .hasMessage(file + ": cut off after line 1: it lacks the host");
    for (int kept = begins + 1; kept <= ends; kept++) {
      Files.write(file, lines.subList(0, kept));
      assertThatThrownBy(() -> play(file))
          .isInstanceOf(RecordingReader.FormatException.class)
          .hasMessageContainingAll("cut off after line " + kept, probes(scene));
    }
    Files.write(file, lines.subList(0, ends + 1));
    assertThat(play(file).worst()).isEqualTo(Scenes.findings(scene(scene)).worst());
  }

  private static int indexOf(List<String> lines, String part) {
    int at = 0;
    while (!lines.get(at).contains(part)) {
      at++;
    }
    return at;
  }

  private static String probes(String scene) {
    return scene.equals("livelock") ? "EVIDENCE" : "SENTINEL";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"at\":1}",
        "{\"at\":\"1\",\"line\":\"CENSUS\",\"text\":\"x\"}",
        "{\"at\":1.5,\"line\":\"CENSUS\",\"text\":\"x\"}",
        "{\"at\":99999999999999999999,\"line\":\"CENSUS\",\"text\":\"x\"}",
        "{\"at\":1,\"line\":\"NEWS\",\"text\":\"x\"}",
        "{\"at\":1,\"line\":\"CENSUS\"}",
        "{\"at\":1,\"line\":null,\"text\":\"x\"}",
        "{\"at\":1,\"begin\":\"EVIDENCE\",\"plan\":{\"workers\":[\"x\"]}}",
        "{\"at\":1,\"workers\":[7],\"vmms\":[]}",
        "{\"at\":1,\"workers\":[],\"vmms\":[{\"pid\":1,\"startTicks\":1,\"comm\":\"\",\"name\":\"\"}]}",
        "{\"at\":1,\"host\":{\"wallMillis\":1,\"kernel\":\"k\",\"bpftrace\":\"\",\"indices\":1}}",
        "{\"at\":1,\"end\":\"CENSUS\",\"trouble\":\"\"} {",
        "{\"at\":-9223372036854775808,\"line\":\"CENSUS\",\"text\":",
      })
  void aDamagedLineIsNamed(String line) throws Exception {
    Path file = record(Scenes.stall().subList(0, 2));
    int number = Files.readAllLines(file).size() + 1;
    String late = line.replace("\"at\":1", "\"at\":9000000000000000000");
    Files.writeString(file, Files.readString(file) + late + "\n");
    assertThatThrownBy(() -> play(file))
        .isInstanceOf(RecordingReader.FormatException.class)
        .hasMessageContainingAll(file.toString(), "line " + number);
  }

  @Test
  void bytesThatAreNoTextAreNamed() throws Exception {
    Path file = record(Scenes.stall());
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 20] = (byte) 0xff;
    Files.write(file, bytes);
    assertThatThrownBy(() -> play(file))
        .isInstanceOf(RecordingReader.FormatException.class)
        .hasMessageContaining("line ");
  }

  @Test
  void timeDoesNotGoBack() throws Exception {
    Path file = record(Scenes.stall());
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    lines.add(lines.get(3));
    Files.write(file, lines);
    assertThatThrownBy(() -> play(file))
        .isInstanceOf(RecordingReader.FormatException.class)
        .hasMessageContainingAll("line " + lines.size(), "time goes back");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "#!/bin/sh\n", "{\"format\":\"vhostwatch.recording/9\"}\n", "\u0000\n"})
  void anotherFileIsNoRecording(String text) throws Exception {
    Path file = Files.writeString(folder.resolve("other"), text);
    assertThatThrownBy(() -> play(file))
        .isInstanceOf(RecordingReader.FormatException.class)
        .hasMessageContaining("not a recording of vhostwatch");
  }

  @Test
  void noDamageCausesAnotherExceptionThanItsOwn() throws Exception {
    long seed = Long.getLong("seed", 20261123L);
    SplittableRandom random = new SplittableRandom(seed);
    byte[] whole = Files.readAllBytes(record(Scenes.livelock()));
    Path file = folder.resolve("damaged");
    int refused = 0;
    for (int round = 0; round < 1_000; round++) {
      StringBuilder text = new StringBuilder(new String(whole, ISO_8859_1));
      for (int edits = random.nextInt(3); edits >= 0; edits--) {
        int at = random.nextInt(text.length());
        switch (random.nextInt(5)) {
          case 0 -> text.setCharAt(at, (char) random.nextInt(256));
          case 1 -> text.setCharAt(at, "{}[],:\"0-e9ntf\\".charAt(random.nextInt(15)));
          case 2 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(40)));
          case 3 -> text.insert(at, text.substring(at, Math.min(text.length(), at + 200)));
          default -> text.setLength(Math.max(1, at));
        }
      }
      Files.write(file, text.toString().getBytes(ISO_8859_1));
      try {
        play(file);
      } catch (RecordingReader.FormatException e) {
        refused++;
        assertThat(e.getMessage()).contains(file.toString());
      } catch (RuntimeException | IOException e) {
        throw new AssertionError("seed " + seed + ", round " + round, e);
      }
    }
    assertThat(refused).isGreaterThan(300);
  }

  private Path record(List<Scenes.Timed> events) throws IOException {
    Path file = folder.resolve("recording");
    try (Recording recording = Recording.to(Files.newOutputStream(file))) {
      for (Scenes.Timed timed : events) {
        recording.add(timed.at(), timed.event());
      }
    }
    return file;
  }

  private static Findings play(Path file) throws IOException, RecordingReader.FormatException {
    Diagnosis diagnosis = new Diagnosis(Settings.DEFAULT);
    RecordingReader.read(file, diagnosis::accept);
    return diagnosis.findings();
  }

  private static List<Scenes.Timed> scene(String name) {
    return switch (name) {
      case "livelock" -> Scenes.livelock();
      case "stall" -> Scenes.stall();
      case "healthy" -> Scenes.healthy();
      default -> Scenes.blind();
    };
  }
}
