package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.libc.DatagramReceiver;
import org.vhostwatch.report.ParsedJson;
import org.vhostwatch.state.StateDirectory;

/**
 * The program itself, in a process of its own, with SIGHUP and a socket that systemd would read.
 */
@Timeout(180)
class ReloadTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private Path file = Path.of("");
  private Path state = Path.of("");
  private Process daemon;
  private DatagramReceiver systemd;
  private final BlockingQueue<String> log = new LinkedBlockingQueue<>();

  @BeforeEach
  void start(@TempDir Path folder) throws Exception {
    file = folder.resolve("vhostwatch.conf");
    state = folder.resolve("state");
    new StateDirectory(state).write("any", new byte[1]);
    Path killed = Files.createFile(state.resolve(".unfinished-1"));
    Files.setLastModifiedTime(killed, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
    String socket = folder.resolve("notify").toString();
    systemd = new DatagramReceiver(socket);
    systemd.timeout((int) PATIENCE.toSeconds());
    write("confirm = 5s");
    ProcessBuilder builder = new ProcessBuilder(command());
    builder.environment().put("NOTIFY_SOCKET", socket);
    builder.environment().put("VHOSTWATCH_CENSUS_PERIOD", "5m");
    daemon = builder.start();
    Thread reader =
        new Thread(
            () -> {
              try (BufferedReader lines = daemon.errorReader(StandardCharsets.UTF_8)) {
                lines.lines().forEach(log::add);
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    reader.setDaemon(true);
    reader.start();
    told("READY=1");
  }

  @AfterEach
  void stop() throws Exception {
    daemon.destroyForcibly().waitFor();
    systemd.close();
  }

  @Test
  void hangUpReadsTheFileAgainAndTheRestGoesOn() throws Exception {
    write("confirm = 6s\ncensus-period = 10m\nmax-memory = 1G");
    hangUp();
    assertThat(told("RELOADING=1")).contains("MONOTONIC_USEC=");
    said("the configuration was reloaded: confirm 5s -> 6s, max-memory 384M -> 1G");
    told("READY=1");

    write("confirm = 6s\nmax-memory = 1G\nlisten = 127.0.0.1:2");
    hangUp();
    said("the configuration was reloaded: nothing has changed");
    assertThat(said("listen stays"))
        .contains("listen stays 127.0.0.1:0: 127.0.0.1:2 (" + file + ":3) takes a restart");

    write("confirm = 7s\nmax-cpu = 1\nnonsense");
    hangUp();
    said(file + ":3: nonsense: there is no =");
    said("the configuration was not reloaded: nothing has changed");
    told("READY=1");

    write("confirm = 7s\nauth-file = /nonexistent/users");
    hangUp();
    said("/nonexistent/users: there is no such file");
    said("the configuration was not reloaded: nothing has changed");
    told("READY=1");

    write("confirm = 8s");
    hangUp();
    said("the configuration was reloaded: confirm 6s -> 8s, max-memory 1G -> 384M");
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(Files.readString(state.resolve("configuration.json")))
                    .contains("8s", "5m"));
    assertThat(state.resolve(".unfinished-1")).as("of a writer that was killed").doesNotExist();

    write("confirm = 9s\nlog-format = json\nlog-level = warning");
    hangUp();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(Files.readString(state.resolve("configuration.json"))).contains("9s"));
    write("confirm = 8s\nlog-format = json\nlog-level = debug");
    hangUp();
    // What is in force when it is said decides: the first reload said nothing, this one does.
    Map<String, Object> event = ParsedJson.object(said("config-reloaded"));
    assertThat(event)
        .containsEntry("priority", 5L)
        .containsEntry("changes", "confirm 9s -> 8s, log-level warning -> debug");

    daemon.toHandle().destroy();
    assertThat(daemon.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(daemon.exitValue()).isEqualTo(143);
  }

  @Test
  void aSecondOneWithTheSameStateSaysSoAndEnds() throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command());
    builder.environment().remove("NOTIFY_SOCKET");
    Process second = builder.start();
    String said = new String(second.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(second.waitFor()).isEqualTo(3);
    assertThat(said).contains("another agent runs with the state directory " + state);
    assertThat(daemon.isAlive()).isTrue();
  }

  private List<String> command() {
    // A JVM whose parent ignores SIGHUP, as under nohup, ignores it for ever.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=HUP"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "org.vhostwatch.cli.Main",
            "run",
            "--config",
            file.toString(),
            "--max-cpu",
            "0"));
    return command;
  }

  private void write(String content) throws IOException {
    // Replaced as an editor does it.
    Path next = file.resolveSibling("next");
    Files.writeString(
        next,
        content
            + (content.contains("listen") ? "" : "\nlisten = 127.0.0.1:0")
            + "\nstate-dir = "
            + state
            + "\nbpftrace = /nonexistent\n");
    Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private void hangUp() throws Exception {
    assertThat(new ProcessBuilder("sh", "-c", "kill -HUP " + daemon.pid()).start().waitFor())
        .isZero();
  }

  /** Waits for a message to systemd. */
  private String told(String part) throws IOException {
    List<String> others = new ArrayList<>();
    try {
      String message = systemd.receive();
      while (!message.contains(part)) {
        others.add(message);
        message = systemd.receive();
      }
      return message;
    } catch (IOException e) {
      throw new AssertionError(part + " was not told, but " + others + "; the log: " + log, e);
    }
  }

  /** Waits for a line of the log. */
  private String said(String part) throws InterruptedException {
    List<String> others = new ArrayList<>();
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      String line = log.poll(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
      assertThat(line).as("a line with '%s' after %s", part, others).isNotNull();
      if (line.contains(part)) {
        return line;
      }
      others.add(line);
    }
  }
}
