package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Keys;
import org.vhostwatch.http.PasswordHash;
import org.vhostwatch.log.LogRing;

class ReloaderTest {

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path temporary;

  private final LogRing log = LogRing.attach();
  private final List<Configuration> inForce = new ArrayList<>();
  private String content = "";

  private Configuration.Found found() {
    try {
      Path file = Files.writeString(temporary.resolve("vhostwatch.conf"), content);
      return Configuration.find(Map.of(), Map.of(), file, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Reloader startedWith(String first) {
    content = first;
    return new Reloader(
        found().configuration(),
        this::found,
        (next, certificates) -> {
          RunCommand.protection(next, certificates);
          return () -> inForce.add(next);
        });
  }

  /** The files in force are gone with their names; a user who is revoked must not stay for that. */
  @Test
  void otherFilesOfTlsTakeARestartAndOtherUsersDoNot() throws IOException {
    Reloader reloader = startedWith("tls-certificate = /old.pem\ntls-key = /old.key");
    Path users = temporary.resolve("users");
    Files.writeString(users, "icinga:" + PasswordHash.of("12345678".toCharArray()));
    Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-------"));
    content = "tls-certificate = /new.pem\ntls-key = /new.key\nauth-file = " + users;
    reloader.reload();
    assertThat(inForce)
        .extracting(next -> next.get(Keys.AUTH_FILE))
        .containsExactly(Optional.of(users));
    assertThat(said())
        .anyMatch(line -> line.contains("auth-file none -> " + users))
        .anyMatch(line -> line.matches(".*tls-certificate stays /old.pem: /new.pem .* restart"))
        .anyMatch(line -> line.matches(".*tls-key stays /old.key: /new.key .* restart"));
  }

  @Test
  void filesOfTlsThatCannotBeReadAgainRefuseAll() {
    Reloader reloader = startedWith("tls-certificate = /old.pem\ntls-key = /old.key");
    content += "\nconfirm = 7s";
    reloader.reload();
    assertThat(inForce).isEmpty();
    assertThat(said()).anyMatch(line -> line.contains("/old.pem: there is no such file"));
  }

  private List<String> said() {
    return log.lines(0, "", "", 0, 0).stream().map(LogRing.Line::text).toList();
  }

  @Test
  void aFileOfUsersThatCannotBeUsedRefusesAllOfTheConfiguration() {
    Reloader reloader = startedWith("confirm = 5s");
    Path users = temporary.resolve("users");
    content = "confirm = 6s\nauth-file = " + users;
    reloader.reload();
    assertThat(inForce).isEmpty();
    assertThat(said())
        .anyMatch(line -> line.contains(users + ": there is no such file"))
        .anyMatch(line -> line.contains("nothing has changed"))
        .noneMatch(line -> line.contains("was reloaded"));
    content = "confirm = 7s";
    reloader.reload();
    assertThat(inForce)
        .extracting(next -> next.get(Keys.CONFIRM))
        .containsExactly(Duration.ofSeconds(7));
    assertThat(said()).anyMatch(line -> line.contains("confirm 5s -> 7s"));
  }
}
