package org.vhostwatch.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.probe.Bpftrace;
import org.vhostwatch.probe.CensusAssembler;
import org.vhostwatch.probe.Child;
import org.vhostwatch.probe.Measurement;
import org.vhostwatch.probe.Plan;
import org.vhostwatch.probe.PlanException;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.Spawner;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.Printable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vhostwatch check}: can this host be watched, and how well? */
@Command(
    name = "check",
    sortOptions = false,
    header =
        "Says what can be probed on this host: attaches the sentinel once, takes a census, leaves.",
    description = {"Needs root to attach.", ""},
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the sentinel attaches and a census can be taken",
      "1:degraded: one of the two works, or vhost_net is not loaded yet",
      "3:neither works: verdicts would be unknown",
      "64:wrong usage"
    })
final class CheckCommand implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  /** The scripts of the plan. */
  enum Script {
    CENSUS,
    SENTINEL,
    EVIDENCE
  }

  @Option(
      names = "--script",
      paramLabel = "NAME",
      description =
          "Only print a script (census, sentinel or evidence) with this kernel's numbers in it, "
              + "ready for bpftrace.")
  private @Nullable Script script;

  @Option(
      names = "--tid",
      paramLabel = "TID",
      defaultValue = "0",
      description = "The worker that the printed evidence script captures.")
  private int tid;

  @Mixin private final ProbeOptions probes = new ProbeOptions();

  @Override
  public Integer call() throws Failure, InterruptedException {
    ProbeKit kit = ProbeKit.prepare(probes.kit(), new Spawner());
    PrintWriter out = spec.commandLine().getOut();
    if (script != null) {
      out.print(text(script, kit));
      out.flush();
      return ExitCode.OK;
    }
    facts(out, kit);
    kit.plan().ifPresent(plan -> measurements(out, plan));
    int works = 0;
    if (kit.plan().isPresent() && kit.bpftrace().isPresent()) {
      works += attach(out, kit.bpftrace().get(), kit.plan().get()) ? 1 : 0;
      works += census(out, kit.bpftrace().get(), kit.plan().get()) ? 1 : 0;
    }
    kit.troubles().forEach(trouble -> out.println("trouble: " + Printable.of(trouble)));
    out.println(
        works == 2
            ? "this host can be watched"
            : works == 1 ? "this host can be watched in part" : "this host cannot be watched now");
    out.flush();
    boolean waiting = kit.bpftrace().isPresent() && !kit.vhostNetLoaded();
    return works == 2 ? ExitCode.OK : works == 1 || waiting ? ExitCode.WARNING : ExitCode.UNKNOWN;
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

  private static void facts(PrintWriter out, ProbeKit kit) {
    KernelFacts facts = kit.facts();
    line(out, "kernel", facts.release() + " " + facts.version());
    line(
        out,
        "bpftrace",
        kit.bpftrace().map(b -> b.version() + " (" + b.program() + ")").orElse("none"));
    line(out, "root", ProbeKit.privileged() ? "yes" : "no");
    line(out, "lockdown", facts.lockdown().name().toLowerCase(Locale.ROOT));
    line(out, "tracefs", facts.tracefs().map(Object::toString).orElse("not readable"));
    KernelFacts.MODULES.forEach(
        module ->
            line(
                out,
                "module " + module,
                facts.module(module).name().toLowerCase(Locale.ROOT).replace('_', ' ')
                    + (facts.btf().contains(module) ? ", with BTF" : "")));
    line(out, "BTF vmlinux", facts.btf().contains("vmlinux") ? "yes" : "no");
  }

  private static void measurements(PrintWriter out, Plan plan) {
    for (Measurement measurement : plan.measurements()) {
      String quality =
          switch (measurement.quality()) {
            case MEASURED -> "";
            case DERIVED -> "derived: ";
            case NONE -> "not measurable: ";
          };
      line(out, measurement.what(), quality + measurement.how());
    }
  }

  private static void line(PrintWriter out, String name, String value) {
    out.printf("%-15s %s%n", name, Printable.of(value));
  }

  private static boolean attach(PrintWriter out, Bpftrace bpftrace, Plan plan)
      throws InterruptedException {
    if (plan.sentinel().isEmpty()) {
      return false;
    }
    long start = System.nanoTime();
    try (Child child = bpftrace.probes(plan.sentinel().get(), line -> {})) {
      if (!child.awaitReady(ProbeOptions.PATIENCE, () -> false)) {
        line(out, "attach", "failed: " + child.complaint());
        return false;
      }
      long attached = System.nanoTime();
      boolean inOrder = child.stop(ProbeOptions.PATIENCE);
      line(
          out,
          "attach",
          String.format(
              Locale.ROOT,
              "the sentinel attaches in %.1f s and leaves in %.1f s%s",
              (attached - start) / 1e9,
              (System.nanoTime() - attached) / 1e9,
              inOrder ? "" : ", killed"));
      return inOrder;
    } catch (IOException e) {
      line(out, "attach", "failed: " + e.getMessage());
      return false;
    }
  }

  private static boolean census(PrintWriter out, Bpftrace bpftrace, Plan plan)
      throws InterruptedException {
    if (plan.census().isEmpty()) {
      return false;
    }
    CensusAssembler lines = new CensusAssembler();
    long start = System.nanoTime();
    try (Child child = bpftrace.census(plan.census().get(), lines::accept)) {
      if (!child.await(ProbeOptions.PATIENCE) || child.exitCode() != 0) {
        line(out, "look", "the census failed: " + child.complaint());
        return false;
      }
      line(
          out,
          "look",
          String.format(
              Locale.ROOT,
              "the census reads %d queues in %.1f s",
              lines.finish().queues().size(),
              (System.nanoTime() - start) / 1e9));
      return true;
    } catch (IOException e) {
      line(out, "look", "the census failed: " + e.getMessage());
      return false;
    }
  }
}
