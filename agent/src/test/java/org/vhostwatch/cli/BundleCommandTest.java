package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.IncidentJson;
import org.vhostwatch.incident.IncidentSamples;
import org.vhostwatch.state.StateDirectory;

class BundleCommandTest {

  private static final Incident INCIDENT = IncidentSamples.full("web01");

  private final Path folder;

  BundleCommandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Ran bundle(Path output, String... more) throws Exception {
    write(".json", IncidentJson.of(INCIDENT));
    List<String> words =
        new ArrayList<>(
            List.of("bundle", INCIDENT.id(), "--output", output.toString(), "--state-dir"));
    words.add(state().toString());
    words.addAll(List.of(more));
    return Ran.of(words.toArray(new String[0]));
  }

  private Path state() {
    return folder.resolve("state");
  }

  private void write(String kind, String content) throws IOException {
    new StateDirectory(state())
        .in("incidents")
        .write(INCIDENT.id() + kind, content.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--redact"})
  void aDamagedRecordingIsLeftOutAndTheRestIsPacked(String option) throws Exception {
    write(".recording", "{\"line\":\"START\"}\n{\"line\":\"CEN\n");
    Path file = folder.resolve("new.zip");
    Ran ran = option.isEmpty() ? bundle(file) : bundle(file, option);
    assertThat(ran.err()).contains("the recording is left out: line 2 is damaged");
    assertThat(ran.exitCode()).isEqualTo(1);
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertThat(zip.stream().map(ZipEntry::getName))
          .anyMatch(name -> name.endsWith("/incident.json"))
          .noneMatch(name -> name.endsWith(".recording"));
    }
  }

  @Test
  void theArchiveIsForItsOwnerAlone() throws Exception {
    Path file = folder.resolve("new.zip");
    assertThat(bundle(file).exitCode()).as("without a recording").isEqualTo(1);
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(Files.readAllBytes(file)).startsWith('P', 'K');
  }

  @Test
  void whatIsThereIsNeitherWrittenToNorFollowedNorRemoved() throws Exception {
    Path mine = Files.writeString(folder.resolve("mine"), "precious");
    assertThat(bundle(mine).exitCode()).isEqualTo(64);
    assertThat(mine).hasContent("precious");
    Path nowhere = folder.resolve("nowhere");
    Path link = Files.createSymbolicLink(folder.resolve("link"), nowhere);
    assertThat(bundle(link).exitCode()).isEqualTo(64);
    assertThat(nowhere).doesNotExist();
    assertThat(Files.isSymbolicLink(link)).isTrue();
  }
}
