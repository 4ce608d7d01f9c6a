package org.vhostwatch.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.IncidentSamples;
import org.vhostwatch.incident.Keeper.What;
import org.vhostwatch.report.ParsedJson;

/** Real programs, started as the daemon starts them. */
@Timeout(60)
class HookTest {

  private static final String HOSTILE = "$(touch /tmp/owned);`id`\n'\"";

  private final Incident incident = IncidentSamples.full(HOSTILE);
  private final Logged log = new Logged();
  private Path folder = Path.of("");

  @BeforeEach
  void start(@TempDir Path given) {
    folder = given;
    log.start();
  }

  @AfterEach
  void stop() {
    log.stop();
  }

  @Test
  void theProgramGetsTheIncidentItsEventAndItsArgumentsAsTheyAre() throws Exception {
    Path out = folder.resolve("out");
    Path program = script("cat > " + out + ".json; echo \"$VHOSTWATCH_EVENT $# $2\" > " + out);
    try (Hook hook = new Hook(List.of(program.toString(), "a", "$HOME;x"), Hook.LIMIT)) {
      hook.incident(What.OPENED, incident);
      log.await("ended with 0");
      assertThat(Files.readString(out)).isEqualTo("opened 2 $HOME;x\n");
      Map<String, Object> seen = ParsedJson.object(Files.readString(Path.of(out + ".json")));
      assertThat(seen).containsEntry("id", incident.id()).containsEntry("vm", HOSTILE);
    }
  }

  @Test
  void whatIsAddedToAnIncidentIsNoReasonToRunIt() throws Exception {
    Path out = folder.resolve("out");
    try (Hook hook =
        new Hook(List.of(script("echo \"$VHOSTWATCH_EVENT\" >> " + out).toString()), Hook.LIMIT)) {
      hook.incident(What.UPDATED, incident);
      hook.incident(What.ENDED, incident);
      log.await("ended with 0");
      assertThat(Files.readString(out)).isEqualTo("ended\n");
    }
  }

  @Test
  void aFailureIsLoggedWithStatusAndLastWords() throws Exception {
    try (Hook hook =
        new Hook(List.of(script("echo no pager >&2; exit 7").toString()), Hook.LIMIT)) {
      hook.incident(What.OPENED, incident);
      assertThat(log.await("ended with 7")).contains("no pager");
    }
  }

  @Test
  void whatHangsIsEndedAndTheNextIsRun() throws Exception {
    Path out = folder.resolve("out");
    Path program =
        script("[ \"$VHOSTWATCH_EVENT\" = ended ] && echo done > " + out + " || exec sleep 1000");
    try (Hook hook = new Hook(List.of(program.toString()), Duration.ofSeconds(3))) {
      hook.incident(What.OPENED, incident);
      hook.incident(What.ENDED, incident);
      log.await("it took longer");
      log.await("ended with 0");
      assertThat(out).hasContent("done\n");
    }
  }

  @Test
  void whatItStartedEndsWithAProgramThatHangs() throws Exception {
    Path pids = folder.resolve("pids");
    Path program =
        script(
            "echo $$ > "
                + pids
                + "; sleep 1000 & echo $! >> "
                + pids
                + "; sh -c 'echo $$ >> "
                + pids
                + "; sleep 1000; :'");
    try (Hook hook = new Hook(List.of(program.toString()), Duration.ofSeconds(3))) {
      hook.incident(What.OPENED, incident);
      log.await("it took longer");
      List<String> started = Files.readAllLines(pids);
      assertThat(started).hasSize(3);
      await().untilAsserted(() -> assertThat(started).noneMatch(HookTest::runs));
      await().untilAsserted(() -> assertThat(readers()).isEmpty());
    }
  }

  @Test
  void whatItLeavesBehindHoldsNoThreadOfOurs() throws Exception {
    Path pid = folder.resolve("pid");
    // Not at once: a thread that reads already is what the pipe would hold.
    Path program = script("setsid sleep 1000 & echo $! > " + pid + "; sleep 0.5");
    try (Hook hook = new Hook(List.of(program.toString()), Hook.LIMIT)) {
      hook.incident(What.OPENED, incident);
      log.await("ended with 0");
      await().untilAsserted(() -> assertThat(readers()).isEmpty());
      assertThat(Files.readAllLines(pid)).allMatch(HookTest::runs);
    } finally {
      for (String left : Files.readAllLines(pid)) {
        ProcessHandle.of(Long.parseLong(left)).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  /** A zombie does not run; whoever adopted it may take its time. */
  private static boolean runs(String pid) {
    try {
      String stat = Files.readString(Path.of("/proc", pid, "stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException e) {
      return false;
    }
  }

  private static List<String> readers() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("program-"))
        .toList();
  }

  @Test
  void callsThatCannotWaitAreLeftOutWithAWord() throws Exception {
    Path go = folder.resolve("go");
    Path program = script("until [ -e " + go + " ]; do sleep 0.05; done");
    try (Hook hook = new Hook(List.of(program.toString()), Hook.LIMIT)) {
      for (int i = 0; i < 40; i++) {
        hook.incident(What.OPENED, incident);
      }
      log.await("calls wait already");
      Files.createFile(go);
      log.await("ended with 0");
    }
  }

  @Test
  void aProgramThatOthersCouldHaveWrittenIsNotRun() throws Exception {
    Path out = folder.resolve("out");
    Path program = script("touch " + out);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxrwxrwx"));
    try (Hook hook = new Hook(List.of(program.toString()), Hook.LIMIT)) {
      hook.incident(What.OPENED, incident);
      assertThat(log.await("is not run")).contains("writable by others");
    }
    assertThat(out).doesNotExist();
  }

  @Test
  void aProgramThatThereIsNotIsSaid() throws Exception {
    try (Hook hook = new Hook(List.of(folder.resolve("absent").toString()), Hook.LIMIT)) {
      hook.incident(What.OPENED, incident);
      assertThat(log.await("on-incident")).contains("absent", "there is no such file");
    }
  }

  private Path script(String body) throws IOException {
    Path file = folder.resolve("program");
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    await().until(() -> Files.isExecutable(file));
    return file;
  }
}
