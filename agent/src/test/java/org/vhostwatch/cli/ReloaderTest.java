package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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

  private static final InetSocketAddress NETWORK = new InetSocketAddress("192.0.2.1", 19739);
  private static final Optional<Path> NO_FILE = Optional.empty();

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
    return startedWith(first, new InetSocketAddress(InetAddress.getLoopbackAddress(), 19739));
  }

  private Reloader startedWith(String first, InetSocketAddress serves) {
    content = first;
    return new Reloader(
        found().configuration(),
        serves,
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
    Path users = users();
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
  void whoGoesBackToLoopbackKeepsThePasswordUntilARestart() throws IOException {
    Path users = users();
    Reloader reloader = startedWith("listen = 192.0.2.1:19739\nauth-file = " + users, NETWORK);
    content = "confirm = 7s";
    reloader.reload();
    assertThat(inForce)
        .extracting(next -> next.get(Keys.AUTH_FILE))
        .containsExactly(Optional.of(users));
    assertThat(said())
        .anyMatch(line -> line.contains("was reloaded: confirm 3s -> 7s"))
        .anyMatch(line -> line.matches(".*listen stays 192.0.2.1:19739: .* takes a restart"))
        .anyMatch(line -> line.matches(".*auth-file stays " + users + ": none .* takes a restart"))
        .noneMatch(line -> line.contains("reads which VMs run here"));
  }

  @Test
  void whatOthersCanDoIsSaidAfterEachReload() throws IOException {
    Path users = users();
    Reloader reloader = startedWith("listen = 192.0.2.1:19739\nauth-file = " + users, NETWORK);
    reloader.reload();
    assertThat(said()).last().asString().contains(" warning exposed: ", "in the clear");
    content = "listen = 192.0.2.1:19739";
    reloader.reload();
    assertThat(said())
        .last()
        .asString()
        .contains(" warning exposed: 192.0.2.1:19739 ", "reads which VMs run here");
    assertThat(inForce).last().extracting(next -> next.get(Keys.AUTH_FILE)).isEqualTo(NO_FILE);
    reloader.reload();
    assertThat(said()).filteredOn(line -> line.contains("which VMs run here")).hasSize(2);
  }

  private Path users() throws IOException {
    Path users = temporary.resolve("users");
    Files.writeString(users, "icinga:" + PasswordHash.of("12345678".toCharArray()));
    Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-------"));
    return users;
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
