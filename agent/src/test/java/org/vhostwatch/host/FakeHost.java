package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A tree of files that stands for a host: what /proc and /sys would show, as far as a test needs
 * it.
 */
public final class FakeHost {
  public static final long KTHREAD = 0x00208040;
  public static final long USER_WORKER = 0x00404040;
  public static final long PROCESS = 0x00400100;

  private final Path root;

  public FakeHost(Path root) {
    this.root = root;
    directory("proc");
  }

  public ProcFs fs() {
    return new ProcFs(root);
  }

  public KernelFacts facts() {
    return KernelFacts.read(fs(), KernelFacts.ftrace(fs()));
  }

  public FakeHost file(String relative, String text) {
    return file(relative, text.getBytes(StandardCharsets.UTF_8));
  }

  public FakeHost file(String relative, byte[] bytes) {
    try {
      Path file = root.resolve(relative);
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public FakeHost directory(String relative) {
    try {
      Files.createDirectories(root.resolve(relative));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A symbolic link. */
  public FakeHost link(String relative, String target) {
    try {
      Path link = root.resolve(relative);
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(link, Path.of(target));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A FIFO in place of a file: whoever opens it waits for one that writes. Returns its path. */
  public Path fifo(String relative) throws Exception {
    Path file = root.resolve(relative);
    Files.createDirectories(file.getParent());
    Files.deleteIfExists(file);
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
    return file;
  }

  /** A kthread: its directory and its only task. */
  public FakeHost kthread(int tid, String comm, long start, long cpuTicks) {
    return file("proc/" + tid + "/stat", stat(tid, comm, KTHREAD, start, cpuTicks))
        .thread(tid, tid, comm, KTHREAD, start, cpuTicks);
  }

  /** A process with its main thread. */
  public FakeHost process(int pid, String comm, long start, String... arguments) {
    return file("proc/" + pid + "/stat", stat(pid, comm, PROCESS, start, 0))
        .file("proc/" + pid + "/status", "Name:\t" + comm + "\nTgid:\t" + pid + "\n")
        .file(
            "proc/" + pid + "/cmdline",
            String.join("\0", arguments) + (arguments.length == 0 ? "" : "\0"))
        .thread(pid, pid, comm, PROCESS, start, 0);
  }

  public FakeHost worker(int pid, int tid, String comm, long start, long cpuTicks) {
    return thread(pid, tid, comm, USER_WORKER, start, cpuTicks);
  }

  public FakeHost thread(int pid, int tid, String comm, long flags, long start, long cpuTicks) {
    return file("proc/" + pid + "/task/" + tid + "/stat", stat(tid, comm, flags, start, cpuTicks));
  }

  public FakeHost remove(String relative) {
    try (Stream<Path> files = Files.walk(root.resolve(relative))) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.delete(file);
      }
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String stat(int tid, String comm, long flags, long start, long cpuTicks) {
    long system = cpuTicks - cpuTicks / 4;
    return tid
        + " ("
        + comm
        + ") R 2 0 0 0 -1 "
        + flags
        + " 10 0 0 0 "
        + cpuTicks / 4
        + " "
        + system
        + " 0 0 20 -5 1 0 "
        + start
        + " 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
  }
}
