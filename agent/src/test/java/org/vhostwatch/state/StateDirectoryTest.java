package org.vhostwatch.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
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
  void whatIsBeingWrittenIsLeftAlone() throws IOException {
    directory().write("one.json", new byte[1]);
    Path young = Files.createFile(parent.resolve("a/state/.unfinished-1"));
    Path old = Files.createFile(parent.resolve("a/state/.unfinished-2"));
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(3700)));
    Files.setLastModifiedTime(young, FileTime.from(Instant.now().minusSeconds(3500)));
    directory().removeUnfinished(Duration.ofHours(1));
    assertThat(old).doesNotExist();
    assertThat(young).exists();
    assertThat(directory().names()).containsExactly("one.json");
    directory().in("none").removeUnfinished(Duration.ZERO);
  }

  @Test
  void whatIsTooLongOrNoPlainFileIsRefused() throws IOException {
    directory().write("long", new byte[11]);
    assertThatThrownBy(() -> directory().read("long", 10)).hasMessageContaining("longer than 10");
    Files.createSymbolicLink(parent.resolve("a/state/link"), Path.of("/etc/passwd"));
    assertThatThrownBy(() -> directory().read("link", 10)).hasMessageContaining("plain file");
    assertThat(directory().names()).containsExactly("long");
  }

  /** With the sticky bit too: nobody could replace what is there, but put there what is not yet. */
  @ParameterizedTest
  @ValueSource(ints = {0770, 0707, 0777, 01777})
  void aFolderThatOthersCanWriteToIsNotUsed(int mode) throws IOException {
    directory().write("one.json", new byte[1]);
    directory().in("part").write("two.json", new byte[1]);
    Path folder = parent.resolve("a/state");
    Files.setAttribute(folder, "unix:mode", mode);
    String why = folder + ": writable by others; run chmod go-w on it";
    for (StateDirectory each : List.of(directory(), directory().in("part"))) {
      assertThatThrownBy(() -> each.write("one.json", new byte[2])).hasMessage(why);
      assertThatThrownBy(() -> each.read("one.json", 9)).hasMessage(why);
      assertThatThrownBy(each::names).hasMessage(why);
      assertThatThrownBy(() -> each.lock("one.lock", Duration.ZERO)).hasMessage(why);
    }
    assertThat(folder.resolve("one.json")).hasSize(1);
    assertThat(folder.resolve("one.lock")).doesNotExist();
    Files.setAttribute(folder, "unix:mode", 0750);
    assertThat(directory().read("one.json", 9)).isPresent();
  }

  @Test
  void oneOfAnotherUserIsNotUsedEither() throws IOException {
    directory().write("one.json", new byte[1]);
    Path folder = parent.resolve("a/state");
    try {
      Files.setAttribute(folder, "unix:uid", 65534);
    } catch (FileSystemException e) {
      Assumptions.abort("only root can give a folder away");
    }
    assertThatThrownBy(() -> directory().read("one.json", 9))
        .hasMessage(folder + ": owned by user 65534; make root its owner");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "../x", "a/b", ".hidden", "a b", "a\n"})
  void namesCannotLeadElsewhere(String name) {
    assertThatThrownBy(() -> directory().write(name, new byte[1]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
