package org.vhostwatch.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process of its own, whose stderr is what it would be: a pipe of systemd, a file, a terminal.
 */
@Timeout(120)
class StderrTest {

  private static final String ENDS = "(internal-error: thread fails ended: .*)";

  private Path folder = Path.of("");
  private Path pipe = Path.of("");

  @BeforeEach
  void makePipe(@TempDir Path temporary) throws Exception {
    folder = temporary;
    pipe = temporary.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
  }

  private static String inode(Path file) throws IOException {
    Map<String, Object> about = Files.readAttributes(file, "unix:dev,ino");
    return about.get("dev") + ":" + about.get("ino");
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static String classes() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  /** Returns what the speaker writes to the pipe. */
  private List<String> spoken(Map<String, String> environment) throws Exception {
    CompletableFuture<byte[]> read =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Files.readAllBytes(pipe);
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    ProcessBuilder builder =
        new ProcessBuilder(java(), "-cp", classes(), Speaker.class.getName())
            .redirectError(pipe.toFile());
    builder.environment().remove("JOURNAL_STREAM");
    builder.environment().putAll(environment);
    assertThat(builder.start().waitFor()).isZero();
    String text = new String(read.get(60, TimeUnit.SECONDS), StandardCharsets.UTF_8);
    return List.of(text.split("\n", -1));
  }

  @Test
  void theStreamOfTheJournalGetsPrioritiesAndOneLineAnEvent() throws Exception {
    List<String> lines = spoken(Map.of("JOURNAL_STREAM", inode(pipe)));
    assertThat(lines).hasSize(Hostile.NAMES.size() + 2).last().isEqualTo("");
    assertThat(lines.subList(0, Hostile.NAMES.size()))
        .allMatch(line -> line.startsWith("<2>livelock-begins vm="))
        .allMatch(
            line -> line.contains(" tap=vnet3 queue=0 tid=453: LIVELOCKED (confidence high)"));
    assertThat(lines.get(Hostile.NAMES.size()))
        .matches("<3>" + ENDS)
        .contains("of several\\u{a}lines at org.vhostwatch.log.Speaker.", "; because of ");
  }

  @Test
  void aStreamOfSomebodyElseGetsText() throws Exception {
    Path other = Files.createFile(folder.resolve("other"));
    for (String stream : List.of(inode(other), "1:1", "", "x", inode(pipe) + "0")) {
      List<String> lines = spoken(Map.of("JOURNAL_STREAM", stream));
      assertThat(lines).hasSize(Hostile.NAMES.size() + 2);
      assertThat(lines.get(0))
          .matches(
              "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z crit livelock-begins vm=.*");
      assertThat(lines.get(Hostile.NAMES.size())).matches("\\S+ error " + ENDS);
    }
  }

  @Test
  void aTerminalGetsColourUnlessItIsNotWanted() throws Exception {
    List<String> lines = onTerminal(Map.of("TERM", "xterm"));
    assertThat(lines.get(0))
        .matches("\\d\\d:\\d\\d:\\d\\d \u001b\\[1;31mCRIT    \u001b\\[0mlivelock-begins vm=.*");
    assertThat(lines).hasSize(Hostile.NAMES.size() + 1);
    // What colours there are, are ours.
    assertThat(lines)
        .allMatch(
            line ->
                line.replaceFirst("\u001b\\[[0-9;]+m([A-Z]+ +)\u001b\\[0m", "$1").indexOf('\u001b')
                    < 0);
    for (Map<String, String> plain :
        List.of(Map.of("TERM", "xterm", "NO_COLOR", "1"), Map.of("TERM", "dumb"))) {
      assertThat(onTerminal(plain).get(0))
          .matches("\\d\\d:\\d\\d:\\d\\d CRIT {4}livelock-begins vm=.*");
    }
  }

  /** Runs the speaker on a terminal that script(1) makes. */
  private List<String> onTerminal(Map<String, String> environment) throws Exception {
    File typescript = folder.resolve("typescript").toFile();
    ProcessBuilder builder =
        new ProcessBuilder(
                "script",
                "-q",
                "-e",
                "-c",
                "exec \"$SPEAKER_JAVA\" -cp \"$SPEAKER_CLASSES\" " + Speaker.class.getName(),
                typescript.toString())
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().remove("JOURNAL_STREAM");
    builder.environment().remove("NO_COLOR");
    builder.environment().putAll(environment);
    builder.environment().put("SPEAKER_JAVA", java());
    builder.environment().put("SPEAKER_CLASSES", classes());
    assertThat(builder.start().waitFor()).isZero();
    return Files.readString(typescript.toPath())
        .lines()
        .filter(line -> !line.startsWith("Script ") && !line.isEmpty())
        .toList();
  }
}
