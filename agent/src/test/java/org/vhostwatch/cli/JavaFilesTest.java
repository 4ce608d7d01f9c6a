package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavaFilesTest {

  private Path home = Path.of("");

  @BeforeEach
  void java(@TempDir Path folder) throws IOException {
    home = folder;
    Files.createDirectories(home.resolve("lib/server"));
    for (String name : new String[] {"lib/jspawnhelper", "lib/modules", "lib/server/libjvm.so"}) {
      Files.writeString(home.resolve(name), name);
    }
  }

  @Test
  void theFilesOfThisJavaAreTheSameAsBefore() {
    assertThat(new JavaFiles(Path.of(System.getProperty("java.home"))).replaced()).isFalse();
    assertThat(new JavaFiles(home).replaced()).isFalse();
  }

  @Test
  void anUpgradeReplacesThemByOthersOfTheSameName() throws IOException {
    JavaFiles files = new JavaFiles(home);
    Path helper = home.resolve("lib/jspawnhelper");
    Files.copy(helper, home.resolve("new"), StandardCopyOption.COPY_ATTRIBUTES);
    Files.move(home.resolve("new"), helper, StandardCopyOption.ATOMIC_MOVE);
    assertThat(files.replaced()).isTrue();
  }

  @Test
  void whileOneIsMissingTheUpgradeIsUnderWay() throws IOException {
    JavaFiles files = new JavaFiles(home);
    Files.delete(home.resolve("lib/modules"));
    assertThat(files.replaced()).isFalse();
    Files.writeString(home.resolve("lib/modules"), "a newer one");
    assertThat(files.replaced()).isTrue();
  }

  @Test
  void aFolderThatStaysAwayWasThatOfTheVersionBefore() throws IOException {
    JavaFiles files = new JavaFiles(home);
    Path away = home.resolveSibling(home.getFileName() + "-away");
    Files.move(home, away);
    for (int look = 1; look < JavaFiles.MISSING_LOOKS; look++) {
      assertThat(files.replaced()).as("look %d", look).isFalse();
    }
    Files.move(away, home);
    assertThat(files.replaced()).as("it is back").isFalse();
    Files.move(home, away);
    for (int look = 1; look < JavaFiles.MISSING_LOOKS; look++) {
      assertThat(files.replaced()).as("look %d of the second time", look).isFalse();
    }
    assertThat(files.replaced()).isTrue();
    Files.move(away, home);
  }

  @Test
  void aJavaWithoutThemIsNeverReplaced(@TempDir Path elsewhere) {
    assertThat(new JavaFiles(elsewhere).replaced()).isFalse();
  }
}
