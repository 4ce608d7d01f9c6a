package org.vhostwatch.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.vhostwatch.host.Ownership;
import org.vhostwatch.host.ProcFs;

/** The bpftrace program of this host. */
public final class Bpftrace {

  /** Several times what {@link MapKeys#WATCH} keys take, 20 digits with 20 more as value. */
  private static final int MAX_RESIDENT_LINE_BYTES = 1 << 20;

  private static final ProcFs HOST = new ProcFs(Path.of("/"));

  private static final List<String> FOLDERS = List.of("/usr/bin", "/usr/sbin", "/usr/local/bin");

  private final Spawner spawner;
  private final Path program;
  private final BpftraceVersion version;

  private Bpftrace(Spawner spawner, Path program, BpftraceVersion version) {
    this.spawner = spawner;
    this.program = program;
    this.version = version;
  }

  /** Why bpftrace cannot be used, in words for the operator. */
  public static final class MissingException extends Exception {
    private static final long serialVersionUID = 1L;

    MissingException(String message) {
      super(message);
    }
  }

  /**
   * Finds the program and asks for its version.
   *
   * @param given its absolute path, if the operator named one
   * @param limit how long it may take to answer
   */
  public static Bpftrace find(Spawner spawner, Optional<Path> given, Duration limit)
      throws MissingException, InterruptedException {
    Path program = trusted(locate(given));
    LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>(16);
    try (Child child =
        Child.start(spawner, List.of(program.toString(), "--version"), "", lines::offer)) {
      if (!child.await(limit)) {
        throw new MissingException(
            program + " --version did not answer within " + limit.toSeconds() + " s");
      }
      for (String line : lines) {
        Optional<BpftraceVersion> version = BpftraceVersion.parse(line);
        if (version.isPresent()) {
          return new Bpftrace(spawner, program, supported(program, version.get()));
        }
      }
      throw new MissingException(program + " --version said no version: " + child.complaint());
    } catch (IOException e) {
      throw new MissingException(String.valueOf(e.getMessage()));
    }
  }

  private static BpftraceVersion supported(Path program, BpftraceVersion version)
      throws MissingException {
    if (!version.atLeast(BpftraceVersion.MINIMUM)) {
      throw new MissingException(
          program
              + " is version "
              + version
              + "; "
              + BpftraceVersion.MINIMUM
              + " or newer is needed");
    }
    return version;
  }

  private static Path locate(Optional<Path> given) throws MissingException {
    if (given.isPresent()) {
      if (!given.get().isAbsolute() || !Files.isExecutable(given.get())) {
        throw new MissingException(given.get() + " is not the absolute path of a program");
      }
      return given.get();
    }
    for (String folder : FOLDERS) {
      Path program = Path.of(folder, "bpftrace");
      if (Files.isExecutable(program)) {
        return program;
      }
    }
    throw new MissingException(
        "bpftrace is not installed (looked in "
            + String.join(", ", FOLDERS)
            + "): install the package bpftrace");
  }

  /** What runs as root must not be another user's to change. */
  private static Path trusted(Path program) throws MissingException {
    try {
      Optional<String> objection = Ownership.objectionTo(program);
      if (objection.isPresent()) {
        throw new MissingException(program + " is not run: " + objection.get());
      }
      return program;
    } catch (IOException e) {
      throw new MissingException(program + " cannot be looked at: " + e.getMessage());
    }
  }

  public Path program() {
    return program;
  }

  public BpftraceVersion version() {
    return version;
  }

  /** Runs the census script: its lines are plain text. */
  public Child census(String script, Consumer<String> lines) throws IOException {
    spawner.refuseBeside(Spawner.Task.CENSUS);
    return Child.start(
        spawner,
        Spawner.Task.CENSUS,
        List.of(program.toString(), "--no-warnings", "-"),
        Map.of(),
        script,
        LineReader.MAX_LINE_BYTES,
        lines);
  }

  /** Runs a script that watches all queues, for a while: its lines are JSON. */
  public Child probes(String script, Consumer<String> lines) throws IOException {
    return probes(script, MapKeys.WATCH, LineReader.MAX_LINE_BYTES, lines);
  }

  /**
   * Runs a script that captures some workers: its lines are JSON, and as long as maps with stacks.
   *
   * @param workers how many it captures
   */
  public Child capture(String script, int workers, Consumer<String> lines) throws IOException {
    int keys = MapKeys.ofCapture(workers, MapKeys.possibleCpus(HOST));
    return probes(script, keys, LineReader.MAX_LINE_BYTES, lines);
  }

  /**
   * Runs a script that watches all queues, stays and prints its maps every second: no line of it is
   * long.
   */
  public Child resident(String script, Consumer<String> lines) throws IOException {
    return probes(script, MapKeys.WATCH, MAX_RESIDENT_LINE_BYTES, lines);
  }

  private Child probes(String script, int keys, int maxLineBytes, Consumer<String> lines)
      throws IOException {
    spawner.refuseBeside(Spawner.Task.PROBES);
    return Child.start(
        spawner,
        Spawner.Task.PROBES,
        List.of(program.toString(), "-f", "json", "--no-warnings", "-"),
        MapKeys.variable(version, keys),
        script,
        maxLineBytes,
        lines);
  }
}
