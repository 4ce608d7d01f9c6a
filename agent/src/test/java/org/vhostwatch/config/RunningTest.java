package org.vhostwatch.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.state.StateDirectory;

class RunningTest {

  private static final ProcFs FS = new ProcFs(Path.of("/"));
  private static final String FILE = "configuration.json";

  private @TempDir Path folder = Path.of("");

  private Configuration with(String content) throws IOException {
    Path file = folder.resolve("vhostwatch.conf");
    Files.writeString(file, content);
    return Configuration.find(Map.of(), Map.of(), file, false).configuration();
  }

  private StateDirectory state() {
    return new StateDirectory(folder.resolve("state"));
  }

  @Test
  void whatADaemonGoesByIsComparedByItsMeaning() throws IOException {
    Running.write(with("confirm = 60s\nlisten = 127.0.0.1:1\nmax-cpu = 7"), FS, state());
    Running running = Running.read(FS, state()).orElseThrow();
    assertThat(running.pid()).isEqualTo((int) ProcessHandle.current().pid());
    Configuration now = with("confirm = 1m\nlisten = 127.0.0.1:2\nmax-cpu = 8");
    assertThat(running.differences(now))
        .extracting(
            each -> each.configured().key().name() + " " + each.runs() + " " + each.remedy())
        .containsExactly("listen 127.0.0.1:1 restart", "max-cpu 7 reload");
  }

  @Test
  void aPasswordThatAReloadDoesNotDropTakesARestart() throws IOException {
    Running running =
        new Running(1, Map.of("listen", "192.0.2.1:1", "auth-file", "/users", "confirm", "3s"));
    assertThat(running.differences(with("listen = 127.0.0.1:1")))
        .filteredOn(each -> each.configured().key().equals(Keys.AUTH_FILE))
        .extracting(Running.Difference::remedy)
        .containsExactly("restart");
    assertThat(running.differences(with("listen = 192.0.2.1:1")))
        .filteredOn(each -> each.configured().key().equals(Keys.AUTH_FILE))
        .extracting(Running.Difference::remedy)
        .containsExactly("reload");
  }

  @Test
  void aKeyThatTheDaemonDoesNotKnowTakesARestart() throws IOException {
    Running older = new Running(1, Map.of("confirm", "3s"));
    assertThat(older.differences(with("")))
        .hasSize(Keys.ALL.size() - 1)
        .allSatisfy(each -> assertThat(each.remedy()).isEqualTo("restart"));
  }

  @Test
  void whatADaemonThatIsGoneHasWrittenSaysNothing() throws IOException {
    assertThat(Running.read(FS, state())).isEmpty();
    Running.write(with(""), FS, state());
    // The number of a process is used again: only its start tells.
    String text = new String(state().read(FILE, 10_000).orElseThrow(), StandardCharsets.UTF_8);
    String other = text.replaceFirst("\"start\": \"\\d+\"", "\"start\": \"17\"");
    assertThat(other).isNotEqualTo(text);
    state().write(FILE, other.getBytes(StandardCharsets.UTF_8));
    assertThat(Running.read(FS, state())).isEmpty();
  }

  @Test
  void whatIsNotOursIsNotBelieved() throws IOException {
    for (String text : List.of("", "{", "[]", "\"x\"", "{\"schema\": \"other\"}", "null")) {
      state().write(FILE, text.getBytes(StandardCharsets.UTF_8));
      assertThatThrownBy(() -> Running.read(FS, state())).as(text).isInstanceOf(IOException.class);
    }
  }
}
