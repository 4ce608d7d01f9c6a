package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Closeable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.log.Logging;
import org.vhostwatch.state.StateDirectory;

class StateDirTest {

  private final Path folder;
  private final LogRing log;

  StateDirTest(@TempDir Path folder) {
    this.folder = folder;
    Logging.finish();
    this.log = LogRing.attach();
  }

  @Test
  void oneThatCannotBeWrittenIsNamedWithWhatLetsTheServiceWriteThere() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    Path state = file.resolve("state");
    try (Closeable lock = RunCommand.alone(new StateDirectory(state))) {
      assertThat(lock).isNotNull();
    }
    assertThat(log.lines(0, "", "", 0, 0))
        .extracting(LogRing.Line::text)
        .singleElement()
        .asString()
        .contains(
            " error state-dir-unusable: ",
            state + ": ",
            "ReadWritePaths=" + state + " in a drop-in");
  }

  @Test
  void ofOneThatOthersCanWriteToTheRemedyIsSaid() throws Exception {
    Path state = Files.createDirectory(folder.resolve("state"));
    Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxrwxrwx"));
    try (Closeable lock = RunCommand.alone(new StateDirectory(state))) {
      assertThat(lock).isNotNull();
    }
    assertThat(log.lines(0, "", "", 0, 0))
        .extracting(LogRing.Line::text)
        .singleElement()
        .asString()
        .contains("kept in " + state + ": writable by others; run chmod go-w on it; it watches");
  }

  @Test
  void oneThatCanIsNoNews() throws Exception {
    try (Closeable lock = RunCommand.alone(new StateDirectory(folder.resolve("state")))) {
      assertThat(lock).isNotNull();
    }
    assertThat(log.lines(0, "", "", 0, 0)).isEmpty();
  }
}
