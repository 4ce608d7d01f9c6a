package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.state.StateDirectory;

class IncidentFilesTest {

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"incidents", "incidents 20261124", "bundle 20261124"})
  void whatCannotBeReadIsNotSaidToBeNone(String command) throws Exception {
    Path state = Files.writeString(temporary.resolve("state"), "in the way");
    Ran ran = Ran.of((command + " --state-dir " + state).split(" "));
    assertThat(ran.exitCode()).isEqualTo(3);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).contains(state + "/incidents cannot be read");
  }

  @Test
  void whoMayNotReadThemIsToldWhoMay() {
    Failure failure =
        IncidentFiles.unreadable(
            new StateDirectory(Path.of("/var/lib/vhostwatch/incidents")),
            new AccessDeniedException("/var/lib/vhostwatch/incidents"));
    assertThat(failure.exitCode()).isEqualTo(3);
    assertThat(failure)
        .hasMessage(
            "/var/lib/vhostwatch/incidents: access denied; run as root, or ask the daemon with"
                + " `vhostwatch status`");
  }
}
