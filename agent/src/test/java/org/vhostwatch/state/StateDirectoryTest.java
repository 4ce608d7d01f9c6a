package org.vhostwatch.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateDirectoryTest {

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path parent;

  private StateDirectory directory() {
    return new StateDirectory(parent.resolve("a/state"));
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    directory().write("one.json", "first".getBytes(UTF_8));
    directory().write("one.json", "second".getBytes(UTF_8));
    assertThat(directory().read("one.json", 100)).hasValue("second".getBytes(UTF_8));
    assertThat(directory().names()).containsExactly("one.json");
    directory().delete("one.json");
    assertThat(directory().read("one.json", 100)).isEmpty();
  }

  @Test
  void onlyTheOwnerMayReadWhatIsKept() throws IOException {
    directory().write("one.json", new byte[1]);
    Path folder = parent.resolve("a/state");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(folder.resolve("one.json"))))
        .isEqualTo("rw-------");
  }

  @Test
  void aFolderThatIsNotThereHoldsNothing() throws IOException {
    assertThat(directory().names()).isEmpty();
    assertThat(directory().read("one.json", 100)).isEmpty();
    directory().removeUnfinished();
  }

  @Test
  void aFolderThatCannotBeReadIsNotTakenForOneThatIsNotThere() throws IOException {
    // As closed to root as one of mode 0700 to others.
    Files.writeString(parent.resolve("a"), "in the way");
    assertThatThrownBy(() -> directory().names()).isInstanceOf(FileSystemException.class);
    assertThatThrownBy(() -> directory().read("one.json", 100))
        .isInstanceOf(FileSystemException.class);
    assertThatThrownBy(() -> directory().removeUnfinished())
        .isInstanceOf(FileSystemException.class);
  }

  @Test
  void aLockIsHeldByOneAtATimeUntilItIsGivenBack() throws Exception {
    Closeable lock = directory().lock("one.lock", Duration.ZERO);
    assertThatThrownBy(() -> directory().lock("one.lock", Duration.ofMillis(60)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("another vhostwatch is at work")
        .hasMessageContaining("one.lock");
    lock.close();
    directory().lock("one.lock", Duration.ZERO).close();
  }

  @Test
  void aFailedWriteKeepsTheOldContentAndLeavesNothing() throws IOException {
    StateDirectory directory = directory();
    directory.write("one.json", "old".getBytes(UTF_8));
    Files.createDirectory(parent.resolve("a/state/taken"));
    assertThatThrownBy(() -> directory.write("taken", "new".getBytes(UTF_8)))
        .isInstanceOf(IOException.class);
    assertThat(directory.read("one.json", 100)).hasValue("old".getBytes(UTF_8));
    try (var files = Files.list(parent.resolve("a/state"))) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void whatAKilledWriterLeftIsNotListedAndCanBeRemoved() throws IOException {
    directory().write("one.json", new byte[1]);
    Path left = Files.createFile(parent.resolve("a/state/.unfinished-123"));
    assertThat(directory().names()).containsExactly("one.json");
    directory().removeUnfinished();
    assertThat(left).doesNotExist();
  }

  @Test
  void whatIsTooLongOrNoPlainFileIsRefused() throws IOException {
    directory().write("long", new byte[11]);
    assertThatThrownBy(() -> directory().read("long", 10)).hasMessageContaining("longer than 10");
    Files.createSymbolicLink(parent.resolve("a/state/link"), Path.of("/etc/passwd"));
    assertThatThrownBy(() -> directory().read("link", 10)).hasMessageContaining("plain file");
    assertThat(directory().names()).containsExactly("long");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "../x", "a/b", ".hidden", "a b", "a\n"})
  void namesCannotLeadElsewhere(String name) {
    assertThatThrownBy(() -> directory().write(name, new byte[1]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
