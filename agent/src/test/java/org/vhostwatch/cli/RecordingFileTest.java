package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.evidence.Event;

class RecordingFileTest {

  private final Path path;

  RecordingFileTest(@TempDir Path folder) {
    this.path = folder.resolve("recording");
  }

  @Test
  void aWholeOneStays() throws Exception {
    try (RecordingFile file = RecordingFile.create(path)) {
      file.recording().add(1, new Event.Workers(List.of(), List.of()));
      assertThat(file.finish(Optional.empty())).isEmpty();
    }
    assertThat(Files.readAllLines(path)).hasSize(2);
  }

  @Test
  void aFolderThatIsNotThereIsNamed() {
    Path missing = path.resolveSibling("missing").resolve("recording");
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> RecordingFile.create(missing))
        .withMessage(
            "cannot write " + missing + ": its folder is not there; make it, or name another file");
  }

  @Test
  void whatFailsWhileItIsWrittenLeavesNone() throws Exception {
    try (RecordingFile file = RecordingFile.create(path)) {
      assertThat(path.getParent()).isNotEmptyDirectory();
      assertThat(file.finish(Optional.of(new IOException("No space left on device"))))
          .contains(
              "there is no recording: " + path + " cannot be written: No space left on device");
    }
    assertThat(path.getParent()).isEmptyDirectory();
  }

  @Test
  void aDiskThatTakesNoFileCostsTheRecordingAlone() throws Exception {
    IOException why = new FileSystemException(path.toString(), null, "Read-only file system");
    try (RecordingFile file = RecordingFile.failing(path, why)) {
      file.recording().add(1, new Event.Workers(List.of(), List.of()));
      assertThat(file.finish(Optional.empty()))
          .contains("there is no recording: " + path + " cannot be written: Read-only file system");
    }
  }

  @Test
  void whatIsNoFaultOfTheNameIsNoWrongUsage() throws Exception {
    Path inFile = Files.createFile(path).resolve("recording");
    try (RecordingFile file = RecordingFile.create(inFile)) {
      assertThat(file.finish(Optional.empty()).orElseThrow()).endsWith("Not a directory");
    }
  }

  @Test
  void whatIsThereIsRefusedAtOnce() throws Exception {
    Files.writeString(path, "precious");
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> RecordingFile.create(path))
        .withMessage(path + " exists; name a new file for the recording");
    assertThat(path).hasContent("precious");
  }
}
