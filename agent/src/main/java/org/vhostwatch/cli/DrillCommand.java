package org.vhostwatch.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.config.Keys;
import org.vhostwatch.drill.Behaviour;
import org.vhostwatch.drill.Drill;
import org.vhostwatch.drill.DrillException;
import org.vhostwatch.drill.DrillFeatures;
import org.vhostwatch.drill.DrillJson;
import org.vhostwatch.drill.DrillOptions;
import org.vhostwatch.drill.DrillReport;
import org.vhostwatch.drill.DrillResult;
import org.vhostwatch.drill.StopSignal;
import org.vhostwatch.exposure.DrillRecord;
import org.vhostwatch.exposure.KernelIdentity;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.Printable;
import org.vhostwatch.state.StateDirectory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vhostwatch drill}: is this kernel affected, does the alarm ring? */
@Command(
    name = "drill",
    sortOptions = false,
    exitCodeOnInvalidInput = ExitCode.USAGE,
    header = "Brings the livelock about on purpose, on a tap and a vhost device of its own.",
    description = {
      "Plays VMM and guest in one process: posts fewer receive buffers than one frame needs, sends that "
          + "frame, and measures whether the vhost worker of this kernel spins (CVE-2026-74356) or "
          + "sleeps. While it lasts, a running vhostwatch should raise the alarm.",
      "It touches nothing that it did not create, and always recovers: it refills and closes at its "
          + "end, on SIGTERM, on SIGINT and on failure. Killed with SIGKILL, the kernel closes it. "
          + "On an affected kernel it keeps one CPU busy for as long as it lasts. Needs root.",
      ""
    },
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:this kernel did not spin, or a slow or healthy guest made progress",
      "1:a stall was seen where one was asked for (starved)",
      "2:this kernel spins: it is affected",
      "3:not known: could not run here, or the measurement says nothing",
      "64:wrong usage, a tap that exists among it",
      "78:wrong configuration"
    })
public final class DrillCommand implements Callable<Integer> {
  private final Path vhostNet;

  /** Their names, for the completion of shells. */
  private static final class Behaviours implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.of(Behaviour.values()).map(Behaviour::label).iterator();
    }
  }

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before call()
  private CommandSpec spec;

  @Option(
      names = "--behaviour",
      paramLabel = "NAME",
      completionCandidates = Behaviours.class,
      description = {
        "What the guest does (default: livelock):",
        "livelock      too few buffers until the end",
        "refill-after  the same, but refilled earlier and then healthy",
        "slow          one buffer per 20 ms, frames of mixed sizes",
        "starved       no buffer at all: any kernel's worker sleeps",
        "healthy       each buffer back at once, traffic at full speed"
      })
  private @Nullable String behaviour;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "10",
      description = "Length of the drill in seconds, 1 to 86400 (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--refill-after",
      paramLabel = "N",
      description =
          "Refill after this many seconds; implies --behaviour refill-after (default: half of it).")
  private @Nullable Integer refillAfter;

  @Option(
      names = "--tap",
      paramLabel = "NAME",
      description = "Name of the tap to create; must not exist (default: first free vwdrillN).")
  private @Nullable String tap;

  @Option(
      names = "--frame",
      paramLabel = "BYTES",
      description =
          "Length of a frame with its Ethernet header, 67 to 65549; above 1514 it is a GSO "
              + "super-packet (default: 60366; healthy: 1514).")
  private @Nullable Integer frameBytes;

  @Option(
      names = "--buffers",
      paramLabel = "N",
      description = "Buffers posted at the start (default: 10; starved: 0; healthy: all).")
  private @Nullable Integer buffers;

  @Option(
      names = "--buffer-size",
      paramLabel = "BYTES",
      defaultValue = "4096",
      description = "Size of a buffer, 128 to 65536 (default: ${DEFAULT-VALUE}).")
  private int bufferBytes;

  @Option(
      names = "--ring",
      paramLabel = "N",
      defaultValue = "256",
      description =
          "Descriptors in the ring, a power of two up to 1024 (default: ${DEFAULT-VALUE}).")
  private int ringSize;

  @Option(names = "--in-order", description = "Accept VIRTIO_F_IN_ORDER (kernels from 6.17 on).")
  private boolean inOrder;

  @Option(names = "--event-idx", description = "Accept VIRTIO_F_EVENT_IDX.")
  private boolean eventIdx;

  @Option(
      names = "--no-mrg-rxbuf",
      description = "Do not accept VIRTIO_NET_F_MRG_RXBUF: too large a frame is then dropped.")
  private boolean notMergeable;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description =
          "text (a sentence) or json, schema " + DrillJson.SCHEMA + " (default: ${DEFAULT-VALUE}).")
  private Format format = Format.TEXT;

  @Mixin private final Configured configured = Configured.with(Keys.STATE_DIR);

  /** For picocli. */
  public DrillCommand() {
    this(Drill.VHOST_NET);
  }

  DrillCommand(Path vhostNet) {
    this.vhostNet = vhostNet;
  }

  @Override
  public Integer call() throws Failure {
    DrillOptions options = options();
    StateDirectory state = configured.state();
    // Closed last: the JVM may end with it, and all must be said by then, an error too.
    try (StopSignal stop = StopSignal.install()) {
      return run(options, state, stop);
    }
  }

  private int run(DrillOptions options, StateDirectory state, StopSignal stop) {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    try {
      ProcFs fs = new ProcFs(Path.of("/"));
      Drill drill = new Drill(options, vhostNet, stop, line -> progress(err, line));
      drill.prepare(() -> fs.exists("sys/module/vhost_net"));
      KernelIdentity before = KernelIdentity.read(fs);
      DrillReport report = drill.run();
      KernelIdentity after = KernelIdentity.read(fs);
      out.println(format == Format.JSON ? DrillJson.write(report) : report.sentence());
      out.flush();
      String trouble = keep(report, before, after, state);
      if (!trouble.isEmpty()) {
        progress(err, "note: the result is not kept for `vhostwatch exposure`: " + trouble);
      }
      return report.exitCode();
    } catch (DrillException e) {
      progress(err, "error: " + e.getMessage());
      return e.usage() ? ExitCode.USAGE : ExitCode.UNKNOWN;
    } catch (IOException e) {
      progress(err, "error: " + e.getMessage());
      return ExitCode.UNKNOWN;
    }
  }

  /**
   * Only what decides is kept; that it cannot be kept is no fault of the drill.
   *
   * @return why what decides is not kept, else empty
   */
  static String keep(
      DrillReport report, KernelIdentity before, KernelIdentity after, StateDirectory state) {
    boolean decides =
        report.options().behaviour() == Behaviour.LIVELOCK
            || report.options().behaviour() == Behaviour.REFILL_AFTER;
    boolean spun = report.result() == DrillResult.SPUN;
    // With IN_ORDER a kernel may sleep for another fault that hides this one (6.17.0 to 6.17.10).
    boolean slept = report.result() == DrillResult.SLEPT && !report.options().features().inOrder();
    if (!decides || !(spun || slept)) {
      return "";
    }
    String objection = before.objection(after);
    if (!objection.isEmpty()) {
      return objection;
    }
    try {
      new DrillRecord(
              after,
              Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
              spun,
              report.sentence())
          .write(state);
      return "";
    } catch (IOException e) {
      return Printable.of(String.valueOf(e));
    }
  }

  private DrillOptions options() {
    CommandLine commandLine = spec.commandLine();
    try {
      Behaviour chosen = chosenBehaviour();
      Duration duration = Duration.ofSeconds(seconds);
      return new DrillOptions(
          chosen,
          tap,
          frameBytes == null ? chosen.defaultFrameBytes() : frameBytes,
          buffers == null ? chosen.defaultBuffers(ringSize) : buffers,
          bufferBytes,
          ringSize,
          new DrillFeatures(!notMergeable, inOrder, eventIdx),
          duration,
          refill(chosen, duration));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(commandLine, String.valueOf(e.getMessage()), e);
    }
  }

  private Behaviour chosenBehaviour() {
    if (behaviour != null) {
      return Behaviour.of(behaviour);
    }
    return refillAfter == null ? Behaviour.LIVELOCK : Behaviour.REFILL_AFTER;
  }

  private Duration refill(Behaviour chosen, Duration duration) {
    if (refillAfter != null) {
      return Duration.ofSeconds(refillAfter);
    }
    return chosen == Behaviour.REFILL_AFTER
        ? Duration.ofSeconds(Math.max(1, seconds / 2))
        : duration;
  }

  private static void progress(PrintWriter err, String line) {
    err.println(line);
    err.flush();
  }
}
