package org.vhostwatch.probe;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * One run of bpftrace, or of another program. Both streams are drained by threads of their own from
 * the first moment on, so that it can never block on us; stdout goes to a sink that must not block,
 * the end of stderr is kept for error messages.
 */
public final class Child implements AutoCloseable {

  /**
   * What the scripts print first. bpftrace reads events only after it has attached all probes, in
   * every version; its own attached_probes message comes before that in some.
   */
  private static final String READY = "\"ready\\n\"";

  private static final Duration POLL = Duration.ofMillis(100);

  /** EACCES of perf_event_open: perf_event_paranoid(2) from 4.6, and Debian's level 3. */
  private static final String NO_PERF_EVENTS =
      "the kernel refuses perf events: that takes CAP_PERFMON, or CAP_SYS_ADMIN where"
          + " kernel.perf_event_paranoid is above 2";

  private static final int KEPT_ERRORS = 20;
  private static final int MAX_ERROR_BYTES = 8 << 10;
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private final Spawner spawner;
  private final Process process;

  /** Whether it is another's program, which may start others; bpftrace starts none. */
  private final boolean foreign;

  private final CompletableFuture<Void> drained;
  private final Deque<String> errors = new ArrayDeque<>();
  private final CountDownLatch ready = new CountDownLatch(1);
  private volatile boolean closed;

  private Child(
      Spawner spawner, Process process, boolean foreign, int maxLineBytes, Consumer<String> sink) {
    this.spawner = spawner;
    this.process = process;
    this.foreign = foreign;
    Consumer<String> lines =
        line -> {
          if (ready.getCount() > 0 && line.contains(READY)) {
            ready.countDown();
          }
          sink.accept(line);
        };
    String name = foreign ? "program" : "bpftrace";
    CompletableFuture<Void> out =
        drain(name + "-out", new LineReader(process.getInputStream(), maxLineBytes, lines));
    InputStream said = process.getErrorStream();
    CompletableFuture<Void> err =
        drain(
            name + "-err",
            new LineReader(
                foreign ? new OwnWords(said, () -> closed || !process.isAlive()) : said,
                MAX_ERROR_BYTES,
                this::keep));
    this.drained = CompletableFuture.allOf(out, err);
  }

  /**
   * Starts bpftrace on a script, which it reads from its standard input.
   *
   * @param sink takes each line of stdout, on a thread of the child
   */
  static Child start(Spawner spawner, List<String> command, String script, Consumer<String> sink)
      throws IOException {
    return start(
        spawner, Spawner.Task.OTHER, command, Map.of(), script, LineReader.MAX_LINE_BYTES, sink);
  }

  /**
   * Starts bpftrace on a script, which it reads from its standard input.
   *
   * @param task what it is for
   * @param environment variables beside the few that every child gets
   * @param maxLineBytes a line of stdout that is longer is cut, and can be read by nobody
   * @param sink takes each line of stdout, on a thread of the child
   */
  static Child start(
      Spawner spawner,
      Spawner.Task task,
      List<String> command,
      Map<String, String> environment,
      String script,
      int maxLineBytes,
      Consumer<String> sink)
      throws IOException {
    return fed(
        spawner, spawner.start(task, command, environment), false, script, maxLineBytes, sink);
  }

  /**
   * Starts a program that is not bpftrace. What it prints goes nowhere, but for the end of stderr.
   * It is ended together with all that it has started; what it leaves behind when it ends by itself
   * runs on, and is not listened to.
   *
   * @param command absolute path and arguments
   * @param environment variables beside the few that every child gets
   * @param input what it finds on its standard input
   */
  public static Child program(
      Spawner spawner, List<String> command, Map<String, String> environment, String input)
      throws IOException {
    return fed(
        spawner, spawner.startMute(command, environment), true, input, MAX_ERROR_BYTES, line -> {});
  }

  private static Child fed(
      Spawner spawner,
      Process process,
      boolean foreign,
      String script,
      int maxLineBytes,
      Consumer<String> sink)
      throws IOException {
    try {
      Child child = new Child(spawner, process, foreign, maxLineBytes, sink);
      // On a thread of its own: a child that hangs before it reads must not hang us.
      thread(foreign ? "program-in" : "bpftrace-in", () -> feed(process, script));
      return child;
    } catch (OutOfMemoryError e) {
      // Of threads: the host, or the limit of our control group, has no more of them.
      process.destroyForcibly();
      String whose = foreign ? "a program" : "bpftrace";
      throw new IOException("no threads for the streams of " + whose + ": " + e.getMessage(), e);
    }
  }

  private static void feed(Process process, String script) {
    try (OutputStream in = process.getOutputStream()) {
      Spawner.awaitBound(process);
      in.write(script.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It ended before it read the script: its exit code and last words tell why.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static CompletableFuture<Void> drain(String name, Runnable reader) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    thread(
        name,
        () -> {
          try {
            reader.run();
          } finally {
            done.complete(null);
          }
        });
    return done;
  }

  private static void thread(String name, Runnable task) {
    Thread thread = new Thread(null, task, name, 256 << 10);
    thread.setDaemon(true);
    thread.start();
  }

  private void keep(String line) {
    synchronized (errors) {
      if (errors.size() == KEPT_ERRORS) {
        errors.removeFirst();
      }
      errors.addLast(line);
    }
  }

  /** Returns the process id. */
  public long pid() {
    return process.pid();
  }

  /** Returns whether it runs. */
  public boolean alive() {
    return process.isAlive();
  }

  /** Has this run as soon as it has ended, on some thread; at once if it has. */
  public void whenItEnds(Runnable then) {
    CompletableFuture<?> unused = process.onExit().thenRun(then);
  }

  /** Returns whether the script has said that its probes are attached. */
  public boolean isReady() {
    return ready.getCount() == 0;
  }

  /**
   * Waits until the script says that its probes are attached; returns false if it ended before, did
   * not say so in time, or the caller gave up.
   */
  public boolean awaitReady(Duration limit, BooleanSupplier giveUp) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (!ready.await(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
      if (!alive() || giveUp.getAsBoolean() || System.nanoTime() > end) {
        return false;
      }
    }
    return true;
  }

  /** Waits until it ends; returns whether it did. */
  public boolean await(Duration limit) throws InterruptedException {
    return process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS) && lastWords();
  }

  /** Returns the exit code: 128 + signal if a signal ended it. */
  public int exitCode() {
    return process.exitValue();
  }

  /**
   * Ends it: SIGTERM, at which bpftrace detaches and prints its maps once more, then after the
   * grace SIGKILL, which is also for what a program has started. Returns whether it ended in order.
   */
  public boolean stop(Duration grace) throws InterruptedException {
    List<ProcessHandle> started = started();
    boolean inOrder;
    try {
      terminate();
      inOrder = process.waitFor(grace.toNanos(), TimeUnit.NANOSECONDS);
      if (!inOrder) {
        spawner.kill(process);
        process.waitFor(grace.toNanos(), TimeUnit.NANOSECONDS);
      }
    } finally {
      started.forEach(ProcessHandle::destroyForcibly);
    }
    return lastWords() && inOrder;
  }

  /** Asked before it ends: what has lost its parent descends from nobody. */
  private List<ProcessHandle> started() {
    return foreign && process.isAlive() ? process.descendants().toList() : List.of();
  }

  /** Asks it to end, and does not wait. */
  public void terminate() {
    // Not Process.destroy(), which closes the streams and so loses the last maps.
    process.toHandle().destroy();
  }

  @Override
  public void close() {
    List<ProcessHandle> started = started();
    spawner.kill(process);
    started.forEach(ProcessHandle::destroyForcibly);
    closed = true;
  }

  /** Returns whether all that it said was read, after {@link #await}. */
  public boolean heardOut() {
    return drained.isDone() && !drained.isCompletedExceptionally();
  }

  /** A grandchild could hold the streams open for ever: the readers get a limit. */
  private boolean lastWords() throws InterruptedException {
    try {
      drained.get(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return !process.isAlive();
    }
    return true;
  }

  /**
   * Returns why it ended, in bpftrace's own words: its last error line, else its last line, else
   * the exit code. What it says of perf events is put so that an operator can act on it.
   */
  public String complaint() {
    synchronized (errors) {
      String last = "";
      for (String line : errors) {
        if (line.contains("perf_event_open") && line.contains("Permission denied")) {
          return NO_PERF_EVENTS;
        }
        // bpftrace says so of every run without CAP_SYS_RESOURCE, and runs all the same.
        if (line.isBlank() || line.contains("RLIMIT_MEMLOCK")) {
          continue;
        }
        if (line.contains("ERROR: ") || !last.contains("ERROR: ")) {
          last = line;
        }
      }
      if (!last.isBlank()) {
        return last.strip();
      }
    }
    return process.isAlive() ? "still running" : "exit code " + process.exitValue();
  }
}
