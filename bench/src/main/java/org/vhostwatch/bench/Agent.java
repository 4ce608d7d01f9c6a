package org.vhostwatch.bench;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/** `vhostwatch run`, as its launcher starts it, on a made-up host. */
final class Agent implements AutoCloseable {

  private static final int TIMEOUT_MILLIS = 30_000;
  private static final double TICKS_PER_SECOND = 100;

  private final Process process;
  private final int port;
  private final Path log;

  private Agent(Process process, int port, Path log) {
    this.process = process;
    this.port = port;
    this.log = log;
  }

  /** A scrape: the text, and how long it took until its last byte was there. */
  record Scrape(String text, double millis) {

    /** Returns the sum of a metric's samples, whatever their labels are; 0 if there are none. */
    double sum(String metric) {
      double sum = 0;
      Matcher samples =
          Pattern.compile("^" + metric + "(?:\\{.*})? (\\S+)$", Pattern.MULTILINE).matcher(text);
      while (samples.find()) {
        sum += Double.parseDouble(samples.group(1));
      }
      return sum;
    }

    /** Returns how many series a metric has. */
    long series(String metric) {
      return text.lines().filter(line -> line.startsWith(metric + "{")).count();
    }
  }

  static Agent start(Path root, Path launcher) throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Path log = root.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                launcher.toAbsolutePath().toString(),
                "run",
                "--listen",
                "127.0.0.1:" + port,
                "--state-dir",
                root.resolve("state").toString(),
                "--bpftrace",
                root.resolve("bpftrace").toString()));
    Map<String, String> environment = builder.environment();
    environment.remove("NOTIFY_SOCKET");
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    // It is one of the host's processes, and looks at itself.
    Files.createSymbolicLink(
        root.resolve("proc/" + process.pid()), root.resolve("real/proc/" + process.pid()));
    return new Agent(process, port, log);
  }

  /** Returns the answer to a GET. */
  Scrape get(String path) throws IOException {
    long began = System.nanoTime();
    HttpURLConnection connection =
        (HttpURLConnection) URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
    connection.setConnectTimeout(TIMEOUT_MILLIS);
    connection.setReadTimeout(TIMEOUT_MILLIS);
    // As Prometheus does.
    connection.setRequestProperty("Accept-Encoding", "gzip");
    try (InputStream body = connection.getInputStream()) {
      byte[] bytes = body.readAllBytes();
      double millis = (System.nanoTime() - began) / 1e6;
      boolean packed = "gzip".equals(connection.getContentEncoding());
      byte[] text =
          packed ? new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes() : bytes;
      return new Scrape(new String(text, StandardCharsets.UTF_8), millis);
    }
  }

  boolean ready() {
    try {
      return get("/-/ready").text().startsWith("ready");
    } catch (IOException e) {
      return false;
    }
  }

  /** Waits until something is so; fails with the daemon's log when it does not come. */
  void await(String what, Duration limit, BooleanSupplier so)
      throws InterruptedException, IOException {
    long end = System.nanoTime() + limit.toNanos();
    while (!so.getAsBoolean()) {
      if (System.nanoTime() > end || !process.isAlive()) {
        throw new IllegalStateException("not " + what + "; it said: " + Files.readString(log));
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  /** Returns the CPU time used so far, in seconds; its own, not that of bpftrace. */
  double cpuSeconds() throws IOException {
    String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
  }

  /** Returns a number of /proc/PID/status in MiB, for example VmRSS. */
  double mebibytes(String field) throws IOException {
    return Files.readString(Path.of("/proc/" + process.pid() + "/status"))
        .lines()
        .filter(line -> line.startsWith(field + ":"))
        .mapToDouble(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0)
        .findFirst()
        .orElseThrow();
  }

  /** Not by {@link Process#destroy}, which asks a /proc that did not have it when it began. */
  @Override
  public void close() {
    for (String signal : List.of("-TERM", "-KILL")) {
      try {
        new ProcessBuilder("kill", signal, String.valueOf(process.pid())).start().waitFor();
        if (process.waitFor(20, TimeUnit.SECONDS)) {
          return;
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    throw new IllegalStateException("the daemon does not end: " + process.pid());
  }
}
