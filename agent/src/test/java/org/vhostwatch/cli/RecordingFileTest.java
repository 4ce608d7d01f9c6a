package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.Recording;

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
    Files.writeString(path, "half of it");
    try (RecordingFile file =
        new RecordingFile(path, Recording.to(OutputStream.nullOutputStream()))) {
      assertThat(file.finish(Optional.of(new IOException("No space left on device"))))
          .contains(
              "there is no recording: " + path + " cannot be written: No space left on device");
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void whatFailsAtItsEndLeavesNoneEither() throws Exception {
    Files.writeString(path, "half of it");
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int one) {}

          @Override
          public void close() throws IOException {
            throw new IOException("No space left on device");
          }
        };
    RecordingFile file = new RecordingFile(path, Recording.to(full));
    assertThat(file.finish(Optional.empty()).orElseThrow()).endsWith("No space left on device");
    assertThat(path).doesNotExist();
  }
}
