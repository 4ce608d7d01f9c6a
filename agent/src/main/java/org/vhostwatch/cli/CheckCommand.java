package org.vhostwatch.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.ConfigurationReport;
import org.vhostwatch.config.Keys;
import org.vhostwatch.config.Problem;
import org.vhostwatch.config.Running;
import org.vhostwatch.config.Setting;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.http.Protection;
import org.vhostwatch.probe.Bpftrace;
import org.vhostwatch.probe.CensusAssembler;
import org.vhostwatch.probe.Child;
import org.vhostwatch.probe.Measurement;
import org.vhostwatch.probe.Plan;
import org.vhostwatch.probe.PlanException;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.Spawner;
import org.vhostwatch.report.CheckReport;
import org.vhostwatch.report.CheckReport.Trial;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.Printable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vhostwatch check}: what is in force, and can this host be watched? */
@Command(
    name = "check",
    sortOptions = false,
    header =
        "Says what is configured, and what can be probed on this host: attaches the sentinel once, "
            + "takes a census, leaves.",
    description = {
      "Needs root to attach. Shows what `vhostwatch run` with the same options would go by, and "
          + "where a daemon that runs goes by something else.",
      ""
    },
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the sentinel attaches and a census can be taken",
      "1:degraded: one of the two works, or vhost_net is not loaded yet",
      "3:neither works: verdicts would be unknown",
      "64:wrong usage",
      "78:the configuration is refused; the problems are listed"
    })
final class CheckCommand implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  /** The scripts of the plan. */
  enum Script {
    CENSUS,
    SENTINEL,
    EVIDENCE;

    /** Returns it as it is written on the command line. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--script",
      paramLabel = "NAME",
      description =
          "Only print a script (census, sentinel or evidence) with this kernel's numbers in it, "
              + "ready for bpftrace; not with --format json.")
  private @Nullable Script script;

  @Option(
      names = "--tid",
      paramLabel = "TID",
      defaultValue = "0",
      description = "The worker that the script captures; with --script evidence only.")
  private int tid;

  @Option(names = "--no-probes", description = "Only look at the configuration; needs no root.")
  private boolean noProbes;

  @Option(names = "--quiet", description = "As text, print only what is wrong.")
  private boolean quiet;

  @Mixin private final FormatOption format = new FormatOption();

  @Mixin private final Configured configured = Configured.withAllKeys();

  @Override
  public Integer call() throws Failure, InterruptedException {
    refuseWhatMeansNothing();
    Configuration.Found found = configured.find();
    PrintWriter out = spec.commandLine().getOut();
    if (script != null) {
      out.print(text(script, kit(found)));
      out.flush();
      return ExitCode.OK;
    }
    Configuration.Found seen = unusable(found.configuration()).map(found::with).orElse(found);
    ConfigurationReport configuration =
        new ConfigurationReport(seen, running(found), Outside.doubts(found.configuration()));
    Optional<CheckReport> host = noProbes ? Optional.empty() : Optional.of(look(kit(found)));
    int exitCode =
        seen.problems().isEmpty()
            ? host.map(CheckReport::exitCode).orElse(ExitCode.OK)
            : ExitCode.CONFIGURATION;
    out.print(
        format.json()
            ? CheckReport.json(configuration::json, host, exitCode)
            : quiet
                ? configuration.problems() + host.map(CheckReport::quietly).orElse("")
                : configuration.text() + host.map(CheckReport::text).orElse(""));
    out.flush();
    return exitCode;
  }

  /** Who gives both thinks that both count. */
  private void refuseWhatMeansNothing() {
    CommandLine command = spec.commandLine();
    if (script != null && format.json()) {
      throw new ParameterException(
          command, "--script prints a script, which has no --format json: give one of them");
    }
    if (script != Script.EVIDENCE && command.getParseResult().hasMatchedOption("--tid")) {
      throw new ParameterException(
          command, "--tid is for --script evidence: the others are of all workers");
    }
  }

  /** Returns which file of passwords or keys the daemon would refuse; empty if it takes all. */
  private Optional<Problem> unusable(Configuration configuration) {
    try {
      RunCommand.protection(configuration);
      return Optional.empty();
    } catch (Protection.UnusableException e) {
      String what = Printable.of(String.valueOf(e.getMessage()));
      boolean hidden =
          e.getCause() instanceof AccessDeniedException
              && !"root".equals(System.getProperty("user.name"));
      if (hidden) {
        spec.commandLine().getErr().println("vhostwatch: " + what + "; root may");
        return Optional.empty();
      }
      Setting<?> setting =
          Stream.of(Keys.AUTH_FILE, Keys.TLS_CERTIFICATE, Keys.TLS_KEY)
              .<Setting<?>>map(configuration::setting)
              .filter(candidate -> what.contains(candidate.text()))
              .findFirst()
              .orElse(configuration.setting(Keys.TLS_CERTIFICATE));
      return Optional.of(
          new Problem(
              setting.origin(), setting.key().name(), what, "right is a file that it can use"));
    }
  }

  private static ProbeKit kit(Configuration.Found found) throws InterruptedException {
    return ProbeKit.prepare(Configured.kit(found.configuration()), new Spawner());
  }

  private Optional<Running> running(Configuration.Found found) {
    try {
      return Running.read(new ProcFs(Path.of("/")), Configured.state(found.configuration()));
    } catch (IOException e) {
      spec.commandLine()
          .getErr()
          .println(
              "vhostwatch: what a running daemon goes by cannot be read: "
                  + Printable.of(String.valueOf(e.getMessage())));
      return Optional.empty();
    }
  }

  private static CheckReport look(ProbeKit kit) throws InterruptedException {
    Optional<Trial> attach = Optional.empty();
    Optional<Trial> census = Optional.empty();
    if (kit.plan().isPresent() && kit.bpftrace().isPresent()) {
      attach = attach(kit.bpftrace().get(), kit.plan().get());
      census = census(kit.bpftrace().get(), kit.plan().get());
    }
    return CheckReport.of(kit, attach, census, pidNamespace());
  }

  /** Returns what the kernel calls our PID namespace, empty if it does not say. */
  private static String pidNamespace() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
    } catch (IOException e) {
      return "";
    }
  }

  private String text(Script wanted, ProbeKit kit) throws Failure {
    Plan plan =
        kit.plan()
            .orElseThrow(() -> new Failure(ExitCode.UNKNOWN, String.join("; ", kit.troubles())));
    try {
      return switch (wanted) {
        case CENSUS -> plan.census().orElseThrow(() -> missing(plan, "census"));
        case SENTINEL -> plan.sentinel().orElseThrow(() -> missing(plan, "spins"));
        case EVIDENCE -> plan.evidence(tid == 0 ? Set.of() : Set.of(tid));
      };
    } catch (PlanException e) {
      throw new Failure(ExitCode.UNKNOWN, String.valueOf(e.getMessage()));
    }
  }

  private static Failure missing(Plan plan, String what) {
    return new Failure(
        ExitCode.UNKNOWN,
        plan.measurements().stream()
            .filter(measurement -> measurement.what().equals(what))
            .map(Measurement::how)
            .findFirst()
            .orElse("no such script here"));
  }

  private static Optional<Trial> attach(Bpftrace bpftrace, Plan plan) throws InterruptedException {
    if (plan.sentinel().isEmpty()) {
      return Optional.empty();
    }
    long start = System.nanoTime();
    try (Child child = bpftrace.probes(plan.sentinel().get(), line -> {})) {
      if (!child.awaitReady(Configured.PATIENCE, () -> false)) {
        return failed("failed: " + child.complaint());
      }
      long attached = System.nanoTime();
      boolean inOrder = child.stop(Configured.PATIENCE);
      return Optional.of(
          new Trial(
              inOrder,
              String.format(
                  Locale.ROOT,
                  "the sentinel attaches in %.1f s and leaves in %.1f s%s",
                  (attached - start) / 1e9,
                  (System.nanoTime() - attached) / 1e9,
                  inOrder ? "" : ", killed")));
    } catch (IOException e) {
      return failed("failed: " + e.getMessage());
    }
  }

  private static Optional<Trial> census(Bpftrace bpftrace, Plan plan) throws InterruptedException {
    if (plan.census().isEmpty()) {
      return Optional.empty();
    }
    CensusAssembler lines = new CensusAssembler();
    long start = System.nanoTime();
    try (Child child = bpftrace.census(plan.census().get(), lines::accept)) {
      if (!child.await(Configured.PATIENCE) || child.exitCode() != 0) {
        return failed("the census failed: " + child.complaint());
      }
      return Optional.of(
          new Trial(
              true,
              String.format(
                  Locale.ROOT,
                  "the census reads %d queues in %.1f s",
                  lines.finish().queues().size(),
                  (System.nanoTime() - start) / 1e9)));
    } catch (IOException e) {
      return failed("the census failed: " + e.getMessage());
    }
  }

  private static Optional<Trial> failed(String words) {
    return Optional.of(new Trial(false, words));
  }
}
