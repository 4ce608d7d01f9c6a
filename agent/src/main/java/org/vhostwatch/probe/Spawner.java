package org.vhostwatch.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Starts children that do not outlive this process. Linux kills a child with the <em>thread</em>
 * that started it (PR_SET_PDEATHSIG, CAVEATS), so all children come from one thread that lives as
 * long as the process.
 */
public final class Spawner {

  private static final Path SETPRIV = Path.of("/usr/bin/setpriv");

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "spawner");
            thread.setDaemon(true);
            return thread;
          });

  /** What a child is for: one that cannot be ended keeps others from the same, not from more. */
  enum Task {
    CENSUS,
    PROBES,
    /** A look at what may be locked. */
    LOOK,
    OTHER
  }

  /** A killed bpftrace waits for RCU with each probe that it takes away. */
  private static final long DYING_NANOS = 5_000_000_000L;

  /** Each of the others that does not go keeps a process, and threads that wait for it. */
  private static final int MAX_STUCK = 6;

  /** A child, and since when it was to be gone. */
  private static final class Started {
    final Process process;
    final Task task;
    volatile @Nullable Long killedAt;

    Started(Process process, Task task) {
      this.process = process;
      this.task = task;
    }

    boolean sticks(long now) {
      Long at = killedAt;
      return at != null && now - at > DYING_NANOS && process.isAlive();
    }
  }

  private final LongSupplier clock;
  private final Queue<Started> started = new ConcurrentLinkedQueue<>();

  public Spawner() {
    this(System::nanoTime);
  }

  /**
   * @param clock monotonic, in nanoseconds
   */
  Spawner(LongSupplier clock) {
    this.clock = clock;
  }

  /** Returns the process ids of those that run now. */
  public List<Long> running() {
    started.removeIf(child -> !child.process.isAlive());
    return started.stream().map(child -> child.process.pid()).toList();
  }

  /**
   * Kills a child. It may wait in the kernel, where no signal reaches it: that is not forgotten.
   */
  void kill(Process process) {
    process.destroyForcibly();
    for (Started child : started) {
      if (child.process.equals(process) && child.killedAt == null) {
        child.killedAt = clock.getAsLong();
      }
    }
  }

  /** Returns whether a child of that task was killed and is still there. */
  boolean holds(Task task) {
    return started.stream()
        .anyMatch(child -> child.task == task && child.killedAt != null && child.process.isAlive());
  }

  /**
   * Makes sure that no other is started beside a child of the same task that does not go: it would
   * end in the same place.
   */
  void refuseBeside(Task task) throws IOException {
    for (Started child : started) {
      if (child.task == task && child.sticks(clock.getAsLong())) {
        throw new IOException(
            "a bpftrace that was killed does not go (process "
                + child.process.pid()
                + "; /proc/"
                + child.process.pid()
                + "/stack says where it waits): no other is started until it does");
      }
    }
  }

  /** What keeps no others from the same must not become ever more. */
  private void refuseBesideMany(String program) throws IOException {
    long now = clock.getAsLong();
    List<String> stuck =
        started.stream()
            .filter(child -> child.task == Task.OTHER && child.sticks(now))
            .map(child -> String.valueOf(child.process.pid()))
            .toList();
    if (stuck.size() >= MAX_STUCK) {
      throw new IOException(
          program
              + ": not started: "
              + stuck.size()
              + " programs that were killed do not go (processes "
              + String.join(", ", stuck)
              + "); their /proc/PID/stack says where they wait");
    }
  }

  /**
   * Starts a program, without a shell.
   *
   * @param command absolute path and arguments
   * @param more variables of its environment, beside the few that all get
   * @throws IOException if it cannot be started; the message names the program
   */
  Process start(Task task, List<String> command, Map<String, String> more) throws IOException {
    return start(task, command, more, ProcessBuilder.Redirect.PIPE);
  }

  /**
   * Starts a program whose standard output nobody wants, without a shell.
   *
   * @param more variables of its environment, beside the few that all get
   */
  Process startMute(List<String> command, Map<String, String> more) throws IOException {
    return start(Task.OTHER, command, more, ProcessBuilder.Redirect.DISCARD);
  }

  private Process start(
      Task task, List<String> command, Map<String, String> more, ProcessBuilder.Redirect output)
      throws IOException {
    if (task == Task.OTHER) {
      refuseBesideMany(command.get(0));
    }
    List<String> bound = new ArrayList<>();
    if (Files.isExecutable(SETPRIV)) {
      // SIGKILL, not SIGTERM: the kernel takes the probes away with the process, wedged or not.
      bound.addAll(List.of(SETPRIV.toString(), "--pdeathsig", "KILL", "--"));
    }
    bound.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(bound).redirectOutput(output);
    Map<String, String> environment = builder.environment();
    String tmp = environment.get("TMPDIR");
    environment.clear();
    environment.put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    environment.put("LC_ALL", "C");
    environment.put("BPFTRACE_COLOR", "never");
    // glibc's own default. Unset, it grows with the first large block that is given back, and 4 MB
    // of its compiler's memory stay with a bpftrace that has long been done with them.
    environment.put("MALLOC_TRIM_THRESHOLD_", "131072");
    environment.putAll(more);
    if (tmp != null) {
      environment.put("TMPDIR", tmp);
    }
    Future<Process> coming = thread.submit(() -> remembered(builder.start(), task));
    try {
      return coming.get();
    } catch (ExecutionException e) {
      throw new IOException(command.get(0) + ": cannot be started: " + reason(e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      // The child may come after all: it must not be forgotten.
      thread.execute(() -> destroyLate(coming));
      throw new IOException(command.get(0) + ": interrupted while starting", e);
    }
  }

  /** What the system said; behind the first line Java guesses at reasons. */
  private static String reason(ExecutionException failure) {
    Throwable cause = failure.getCause();
    String words = String.valueOf(cause == null ? null : cause.getMessage());
    return words.lines().findFirst().orElse("").strip();
  }

  /**
   * Waits until a child will end with us. It is bound by a program that turns into the right one
   * then: what it is told to do must not reach it before, for if we are killed in between it would
   * do it for ever.
   */
  static void awaitBound(Process child) throws InterruptedException {
    Path exe = Path.of("/proc", String.valueOf(child.pid()), "exe");
    while (child.isAlive() && isSetpriv(exe)) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  private static boolean isSetpriv(Path exe) {
    try {
      return Files.readSymbolicLink(exe).endsWith(SETPRIV.getFileName());
    } catch (IOException e) {
      return false;
    }
  }

  /** A command that starts one program after the other must not gather those that have ended. */
  Process remembered(Process process, Task task) {
    started.removeIf(earlier -> !earlier.process.isAlive());
    started.add(new Started(process, task));
    return process;
  }

  private static void destroyLate(Future<Process> coming) {
    try {
      coming.get().destroyForcibly();
    } catch (ExecutionException | InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
