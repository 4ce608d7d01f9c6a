package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
    Ran ran = check("--auth-file", users.toString());
    assertThat(ran.out()).contains("problem ", "command line", "auth-file: " + users + ": ");
    assertThat(ran.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
  }

  @Test
  void passwordsThatAreNotThereAreAWrongConfiguration() throws IOException {
    Ran ran = check("--auth-file", folder.resolve("none").toString());
    assertThat(ran.out()).contains("there is no such file");
    assertThat(ran.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
  }

  @Test
  void aProgramThatCannotBeRunIsDoubtfulAndNoMore() throws IOException {
    Path program = Files.writeString(folder.resolve("page"), "");
    Ran ran = check("--on-incident", program + " --now", "--textfile-dir", folder + "/none");
    assertThat(ran.out())
        .contains("doubt           on-incident: " + program + ": it is no program that can be run")
        .contains("doubt           textfile-dir: " + folder + "/none: is no folder");
    assertThat(ran.exitCode()).isEqualTo(ExitCode.OK);
    Ran json = check("--on-incident", "/none", "--format", "json");
    assertThat(json.out()).contains("\"on-incident: /none: there is no such file\"");
  }

  @Test
  void theRefusedFileIsAmongTheProblemsOfTheJson() throws IOException {
    Ran ran = check("--auth-file", folder.resolve("none").toString(), "--format", "json");
    assertThat(ran.out())
        .contains("\"what\": \"" + folder.resolve("none") + ": there is no such file");
  }

  @Test
  void withoutSuchFilesNothingIsSaid() throws IOException {
    assertThat(check()).isEqualTo(new Ran(0, "", ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--script census --format json",
        "--tid 7",
        "--script census --tid 7",
        "--script sentinel --tid 0"
      })
  void whatWouldCountForNothingIsWrongUsage(String options) throws IOException {
    Ran ran = check(options.split(" "));
    assertThat(ran.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(ran.err()).contains("--script");
    assertThat(ran.out()).isEmpty();
  }

  /** With a configuration and a state of its own, whatever this host has. */
  private Ran check(String... options) throws IOException {
    Path file = Files.writeString(folder.resolve("vhostwatch.conf"), "");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    return Ran.of(
        Stream.concat(
                Stream.of("check", "--no-probes", "--quiet", "--config", file.toString()),
                Stream.concat(
                    Stream.of("--state-dir", folder.resolve("state").toString()),
                    Stream.of(options)))
            .toArray(String[]::new));
  }
}
