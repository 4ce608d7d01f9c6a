package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Keys;
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
        next -> {
          RunCommand.protection(next);
          return () -> inForce.add(next);
        });
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
