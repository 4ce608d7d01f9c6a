package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.IncidentJson;
import org.vhostwatch.incident.IncidentSamples;
import org.vhostwatch.state.StateDirectory;

class BundleCommandTest {

  private final Path folder;

  BundleCommandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Ran bundle(Path output) throws Exception {
    Incident incident = IncidentSamples.full("web01");
    Path state = folder.resolve("state");
    new StateDirectory(state)
        .in("incidents")
        .write(incident.id() + ".json", IncidentJson.of(incident).getBytes(StandardCharsets.UTF_8));
    return Ran.of(
        "bundle", incident.id(), "--output", output.toString(), "--state-dir", state.toString());
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
