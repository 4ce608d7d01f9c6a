package org.vhostwatch.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {

  private final Path folder;
  private final Path path;

  WholeFileTest(@TempDir Path folder) {
    this.folder = folder;
    this.path = folder.resolve("whole");
  }

  @Test
  void itHasItsNameWhenItIsWholeAndIsForItsOwnerAlone() throws Exception {
    try (WholeFile file = WholeFile.create(path)) {
      try (OutputStream out = file.out()) {
        out.write('x');
      }
      assertThat(path).doesNotExist();
      file.finish();
    }
    assertThat(folder).isDirectoryNotContaining(other -> !other.equals(path));
    assertThat(path).hasContent("x");
    assertThat(Files.getPosixFilePermissions(path))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void whatIsNotFinishedLeavesNothing() throws Exception {
    WholeFile file = WholeFile.create(path);
    assertThat(folder).isNotEmptyDirectory();
    file.close();
    file.close();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatIsThereBeforeIsNotTouched() throws Exception {
    Files.writeString(path, "precious");
    assertThatThrownBy(() -> WholeFile.create(path)).isInstanceOf(FileAlreadyExistsException.class);
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    assertThatThrownBy(() -> WholeFile.create(link)).isInstanceOf(FileAlreadyExistsException.class);
    assertThat(path).hasContent("precious");
  }

  @Test
  void whatComesMeanwhileIsNotReplaced() throws Exception {
    try (WholeFile file = WholeFile.create(path)) {
      Files.writeString(path, "precious");
      assertThatThrownBy(file::finish).isInstanceOf(FileAlreadyExistsException.class);
    }
    assertThat(path).hasContent("precious");
    assertThat(folder).isDirectoryNotContaining(other -> !other.equals(path));
  }

  @Test
  void aSignalLeavesNothing() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Held.class.getName(),
                path.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(process.getInputStream().read()).isEqualTo('.');
    assertThat(folder).isNotEmptyDirectory();
    process.destroy();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(143);
    assertThat(folder).isEmptyDirectory();
  }

  /** A program that is ended while it writes. */
  static final class Held {
    private Held() {}

    @SuppressWarnings("try") // it is held, and that is all
    public static void main(String[] args) throws Exception {
      try (WholeFile file = WholeFile.create(Path.of(args[0]))) {
        System.out.print('.');
        System.out.flush();
        TimeUnit.MINUTES.sleep(5);
      }
    }
  }
}
