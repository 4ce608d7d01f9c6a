package org.vhostwatch.probe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code vhostwatch run} on a {@link MadeUpHost}, with the JVM's options of its launcher, and a
 * program for bpftrace whose first run as the sentinel has a fault.
 */
final class FaultyAgent {

  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final Pattern ADDRESS = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)");

  private static final List<String> JVM =
      List.of(
          "-XX:+UseSerialGC",
          "-Xms4m",
          "-Xmx64m",
          "-Xmn2m",
          "-Xss512k",
          "-XX:TieredStopAtLevel=1",
          "-XX:CICompilerCount=1",
          "-XX:+ExitOnOutOfMemoryError");

  /** The queue of the VM on the host. */
  private static final String CENSUS =
      "queue vq=18446612682182951104 pid=10000000 fd=20 owner=10000000 worker=10000005 num=256"
          + " avail=100 last=100 used=100 txlast=7 features=4295000064 busyloop=0 head=0 tail=0"
          + " packet=0 bytes=0 backend=1 index=0 ifindex=10 netns=4026531833 master=br0 tap=tap0";

  /**
   * What bpftrace says: its version, a census of one queue, of a capture nothing, and as the
   * sentinel first what FAULT does. A queue's map has the address of a queue as its only key.
   */
  private static final String PROGRAM =
      """
      #!/bin/sh
      here=${0%%/*} n=0
      case $* in *--version*) echo 'bpftrace v0.23.2' && exit ;; esac
      case $(cat) in
      *iter:task_file*) cat "$here/census" && exit ;;
      *@rolled_back*) exit 1 ;;
      esac
      say() { printf '{"type": "printf", "data": "%%s\\\\n"}\\n' "$1"; }
      queue() { printf '{"type": "map", "data": {"%%s": {"18446612682182951104": %%s}}}\\n' "$1" "$2"; }
      now() { read -r up _ </proc/uptime && echo "${up%%.*}${up#*.}0000000"; }
      frame() { say "tick $(now)" && say "end $(now)"; }
      calm() { while say "calm $(now)"; do sleep 1; done; }
      now >>"$here/runs"
      if [ "$(wc -l <"$here/runs")" = 1 ]; then
      %s
      fi
      trap exit TERM
      say ready
      calm
      """;

  private final String fault;
  private final Path folder;
  private final Process process;

  private FaultyAgent(String fault, Path folder, Process process) {
    this.fault = fault;
    this.folder = folder;
    this.process = process;
  }

  /** Starts one. */
  static FaultyAgent start(Path root, String fault, String body) throws IOException {
    Path folder = Files.createDirectories(root.resolve(fault.replace(' ', '-')));
    Path program = Files.writeString(folder.resolve("bpftrace"), PROGRAM.formatted(body));
    Files.writeString(folder.resolve("census"), CENSUS + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<String> command = new ArrayList<>(MadeUpHost.enter(root));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM);
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "-Dvhostwatch.home=" + Kernels.scripts().getParent(),
            "org.vhostwatch.cli.Main",
            "run",
            "--listen",
            "127.0.0.1:0",
            "--state-dir",
            folder.resolve("state").toString(),
            "--bpftrace",
            program.toString(),
            "--max-cpu",
            "0"));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().remove("NOTIFY_SOCKET");
    Process process =
        builder.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
    return new FaultyAgent(fault, folder, process);
  }

  String fault() {
    return fault;
  }

  /** Waits until the agent's log has these words. */
  void awaitLog(String words) {
    await(fault + ": " + words)
        .atMost(PATIENCE)
        .until(
            () -> {
              assertAlive();
              return log().contains(words);
            });
  }

  /** Returns when each run as the sentinel began, in nanoseconds. */
  List<Long> runs() throws IOException {
    Path runs = folder.resolve("runs");
    return Files.exists(runs)
        ? Files.readAllLines(runs).stream().map(Long::valueOf).toList()
        : List.of();
  }

  /** Returns whether the program has made this file in its folder. */
  boolean hasLeft(String file) {
    return Files.exists(folder.resolve(file));
  }

  /** Makes a file in the program's folder. */
  void leave(String file) throws IOException {
    Files.createFile(folder.resolve(file));
  }

  /** Returns the only sample of a metric, or -1 if there is none yet. */
  double metric(String name) throws IOException {
    Matcher sample =
        Pattern.compile("^" + name + "(?:\\{.*})? (\\S+)$", Pattern.MULTILINE)
            .matcher(get("/metrics"));
    return sample.find() ? Double.parseDouble(sample.group(1)) : -1;
  }

  /** Returns the answer to a GET; nothing as long as it does not serve. */
  String get(String path) throws IOException {
    assertAlive();
    Matcher address = ADDRESS.matcher(log());
    if (!address.find()) {
      return "";
    }
    URI uri = URI.create("http://127.0.0.1:" + address.group(1) + path);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setConnectTimeout(20_000);
    connection.setReadTimeout(20_000);
    try (InputStream body = connection.getInputStream()) {
      return new String(body.readAllBytes(), UTF_8);
    }
  }

  /** Returns the most memory that it ever had. */
  double highestResidentMebibytes() throws IOException {
    return Files.readString(Path.of("/proc/" + process.pid() + "/status"))
        .lines()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToDouble(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0)
        .findFirst()
        .orElseThrow();
  }

  private String log() throws IOException {
    return Files.readString(folder.resolve("log"));
  }

  private void assertAlive() throws IOException {
    if (!process.isAlive()) {
      throw new AssertionError(
          fault + ": the agent ended with " + process.exitValue() + ": " + log());
    }
  }

  void stop() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
