package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.report.ExitCode;

class CheckCommandTest {

  private final Path folder;

  CheckCommandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** The service's reload runs it: what the daemon would refuse must fail there. */
  @Test
  void passwordsThatOthersCanReadAreAWrongConfiguration() throws IOException {
    Path users = Files.writeString(folder.resolve("users"), "");
    Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-r--r--"));
    Ran ran = check(users);
    assertThat(ran.err()).contains(users + ": ");
    assertThat(ran.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
  }

  @Test
  void passwordsThatAreNotThereAreAWrongConfiguration() {
    Ran ran = check(folder.resolve("none"));
    assertThat(ran.err()).contains("there is no such file");
    assertThat(ran.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
  }

  @Test
  void withoutSuchFilesNothingIsSaid() {
    assertThat(Ran.of("check", "--no-probes", "--quiet")).isEqualTo(new Ran(0, "", ""));
  }

  private static Ran check(Path users) {
    return Ran.of("check", "--no-probes", "--quiet", "--auth-file", users.toString());
  }
}
