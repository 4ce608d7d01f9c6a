package org.vhostwatch.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vhostwatch.snapshot.HostSnapshot;

/** The page in a real browser and in one of text; screenshots are left in target/page. */
@Timeout(300)
class StatusPageIT {

  private static final Path WEB = Path.of("src/test/web");
  private static final Path SHOTS = Path.of("target/page").toAbsolutePath();

  @Test
  void headlessChromiumShowsItAndAxeFindsNothingThatKeepsPeopleOut() throws Exception {
    Files.createDirectories(SHOTS);
    for (Path shot : shots()) {
      Files.delete(shot);
    }
    run(WEB, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
    long begun = System.currentTimeMillis();
    List<Serving> servers = new ArrayList<>();
    try {
      List<String> command = new ArrayList<>(List.of("node", "page.mjs", SHOTS.toString()));
      for (Map.Entry<String, HostSnapshot> scene : Scenes.all().entrySet()) {
        Serving serving =
            new Serving(
                () -> Scenes.later(scene.getValue(), System.currentTimeMillis() - begun),
                Protection.NONE,
                RequestThreads.Limits.DEFAULT);
        servers.add(serving);
        command.add(scene.getKey() + "=http://127.0.0.1:" + serving.port() + "/");
      }
      String said = run(WEB, command.toArray(String[]::new));
      assertThat(said).contains("PASS update", "0 findings");
    } finally {
      servers.forEach(Serving::close);
    }
    assertThat(shots()).hasSize(20);
  }

  @Test
  void aBrowserOfTextSaysTheSame() throws Exception {
    try (Serving serving =
        new Serving(Scenes::livelocked, Protection.NONE, RequestThreads.Limits.DEFAULT)) {
      String url = "http://127.0.0.1:" + serving.port() + "/";
      String text = run(Path.of("."), "w3m", "-dump", "-cols", "100", url);
      Files.createDirectories(SHOTS);
      Files.writeString(SHOTS.resolve("livelocked.txt"), text);
      assertThat(text.lines().limit(12).toList())
          .anyMatch(line -> line.startsWith("1 queue livelocked"));
      assertThat(text)
          .contains("VM web01, tap vnet3, queue 0", "What to do", "met: passes go on")
          .contains("Recent incidents", "db008")
          .doesNotContain("getElementById", "font:", "<");
    }
    try (Serving serving =
        new Serving(
            () -> Scenes.hostile(Scenes.HOSTILE), Protection.NONE, RequestThreads.Limits.DEFAULT)) {
      assertThat(
              run(
                  Path.of("."),
                  "w3m",
                  "-dump",
                  "-cols",
                  "200",
                  "http://127.0.0.1:" + serving.port()))
          .contains("VM <script>alert(1)</script>");
    }
  }

  private static List<Path> shots() throws IOException {
    try (Stream<Path> files = Files.list(SHOTS)) {
      return files.filter(file -> file.toString().endsWith(".png")).toList();
    }
  }

  /** Into a file: who reads what hangs waits for its end, whatever the deadline. */
  private static String run(Path folder, String... command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("status-page", ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      process.getOutputStream().close();
      boolean ended = process.waitFor(2, TimeUnit.MINUTES);
      String said = Files.readString(output);
      assertThat(ended).as("%s ended; it said: %s", String.join(" ", command), said).isTrue();
      assertThat(process.exitValue()).as(said).isZero();
      return said;
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      Files.delete(output);
    }
  }
}
