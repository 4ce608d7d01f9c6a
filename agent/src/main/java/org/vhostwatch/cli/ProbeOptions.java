package org.vhostwatch.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.probe.ProbeKit;
import picocli.CommandLine.Option;

/** Options of all commands that run bpftrace. */
final class ProbeOptions {

  /** Long enough for bpftrace under emulation, where its start takes 4 to 9 s. */
  static final Duration PATIENCE = Duration.ofSeconds(25);

  @Option(
      names = "--bpftrace",
      paramLabel = "PATH",
      description = "Absolute path of bpftrace (default: looked for in the usual folders).")
  private @Nullable Path bpftrace;

  @Option(
      names = "--scripts",
      paramLabel = "FOLDER",
      description = "Folder of the bpftrace scripts (default: the installed one).")
  private @Nullable Path scripts;

  ProbeKit.Options kit() {
    String home = System.getProperty("vhostwatch.home", ".");
    return new ProbeKit.Options(
        scripts != null ? scripts : Path.of(home, "bpf-scripts"),
        Optional.ofNullable(bpftrace),
        PATIENCE);
  }
}
