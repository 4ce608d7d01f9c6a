package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Closeable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
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

  /** Returns what an agent that starts logs of its state folder. */
  private List<String> said(Path state) throws Exception {
    try (Closeable lock = RunCommand.alone(new StateDirectory(state))) {
      assertThat(lock).isNotNull();
    }
    return log.lines(0, "", "", 0, 0).stream().map(LogRing.Line::text).toList();
  }

  @Test
  void oneThatCannotBeWrittenIsNamedWithWhatLetsTheServiceWriteThere() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    Path state = file.resolve("state");
    assertThat(said(state))
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
    assertThat(said(state))
        .singleElement()
        .asString()
        .contains("kept in " + state + ": writable by others; run chmod go-w on it; it watches");
  }

  @Test
  void oneThatCanIsNoNews() throws Exception {
    assertThat(said(folder.resolve("state"))).isEmpty();
  }
}
