package org.vhostwatch.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.host.ModuleState;
import org.vhostwatch.probe.Measurement;
import org.vhostwatch.probe.Outlook;
import org.vhostwatch.probe.Plan;
import org.vhostwatch.probe.ProbeKit;

/**
 * Whether a host can be watched, and how well.
 *
 * @param facts the kernel
 * @param bpftrace its version and where it is; empty if it cannot be used
 * @param root whether that was looked for with all privileges
 * @param measurements what can be measured, and how
 * @param attach how attaching the sentinel went; empty if it was not tried
 * @param census how taking a census went; empty if it was not tried
 * @param outlook which plan is in force, and what would raise it
 * @param troubles what is missing and what to do about it
 */
public record CheckReport(
    KernelFacts facts,
    Optional<String> bpftrace,
    boolean root,
    List<Measurement> measurements,
    Optional<Trial> attach,
    Optional<Trial> census,
    Outlook outlook,
    List<String> troubles) {

  /** Something that was tried. */
  public record Trial(boolean works, String words) {}

  private static final String SCHEMA = "vhostwatch.check/1";

  /** Returns the report on what was found and tried. */
  public static CheckReport of(
      ProbeKit kit, Optional<Trial> attach, Optional<Trial> census, String pidNamespace) {
    return new CheckReport(
        kit.facts(),
        kit.bpftrace().map(found -> found.version() + " (" + found.program() + ")"),
        ProbeKit.privileged(),
        kit.plan().map(Plan::measurements).orElse(List.of()),
        attach,
        census,
        Outlook.of(kit, works(attach), works(census), pidNamespace),
        kit.troubles());
  }

  /** Returns how many of the two work. */
  public int works() {
    return (int) List.of(attach, census).stream().filter(CheckReport::works).count();
  }

  private static boolean works(Optional<Trial> trial) {
    return trial.filter(Trial::works).isPresent();
  }

  /** Returns the sentence that says it all. */
  private String result() {
    return switch (works()) {
      case 2 -> "this host can be watched";
      case 1 -> "this host can be watched in part";
      default ->
          waits()
              ? "there is nothing to watch now: vhost_net is not loaded"
              : "this host cannot be watched now";
    };
  }

  /** Returns whether all that lacks is vhost_net, which the first VM brings. */
  private boolean waits() {
    return bpftrace.isPresent() && facts.module("vhost_net") == ModuleState.ABSENT;
  }

  /** Returns the exit code. */
  public int exitCode() {
    return switch (works()) {
      case 2 -> ExitCode.OK;
      case 1 -> ExitCode.WARNING;
      default -> waits() ? ExitCode.WARNING : ExitCode.UNKNOWN;
    };
  }

  /** Returns a line for each trouble, and the last one if not all is well. */
  public String quietly() {
    StringBuilder out = new StringBuilder();
    troubles.forEach(trouble -> out.append("trouble: ").append(Printable.of(trouble)).append('\n'));
    return exitCode() == ExitCode.OK
        ? out.toString()
        : out.append(result()).append('\n').toString();
  }

  /** Returns lines of text. */
  public String text() {
    StringBuilder out = new StringBuilder();
    facts(out);
    for (Measurement measurement : measurements) {
      String quality =
          switch (measurement.quality()) {
            case MEASURED -> "";
            case DERIVED -> "derived: ";
            case NONE -> "not measurable: ";
          };
      line(out, measurement.what(), quality + measurement.how());
    }
    attach.ifPresent(trial -> line(out, "attach", trial.words()));
    census.ifPresent(trial -> line(out, "look", trial.words()));
    line(out, "plan", outlook.degree().plan());
    line(out, "confidence", outlook.degree().confidence());
    for (Outlook.Lack lack : outlook.lacks()) {
      line(out, "lacks", lack.what());
      line(out, "  lost", lack.lost());
      line(out, "  raised by", lack.raise());
    }
    troubles.forEach(trouble -> out.append("trouble: ").append(Printable.of(trouble)).append('\n'));
    return out.append(result()).append('\n').toString();
  }

  private void facts(StringBuilder out) {
    line(out, "kernel", facts.release() + " " + facts.version());
    line(out, "bpftrace", bpftrace.orElse("none"));
    line(out, "root", root ? "yes" : "no");
    line(out, "lockdown", facts.lockdown().name().toLowerCase(Locale.ROOT));
    line(out, "tracefs", facts.tracefs().map(Object::toString).orElse("not readable"));
    KernelFacts.MODULES.forEach(
        module ->
            line(
                out,
                "module " + module,
                words(facts.module(module)) + (facts.btf().contains(module) ? ", with BTF" : "")));
    line(
        out,
        "run counts",
        switch (facts.bpfStats()) {
          case ON -> "yes: the kernel counts what probes cost";
          case OFF ->
              "no: kernel.bpf_stats_enabled is 0, the kernel does not count what probes cost";
          case HELD, UNKNOWN -> "not known: kernel.bpf_stats_enabled cannot be read";
        });
    line(out, "BTF vmlinux", facts.btf().contains("vmlinux") ? "yes" : "no");
  }

  private static String words(ModuleState state) {
    return state.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static void line(StringBuilder out, String name, String value) {
    out.append(String.format(Locale.ROOT, "%-15s %s%n", name, Printable.of(value)));
  }

  /**
   * Returns one report.
   *
   * @param configuration writes what is in force
   * @param host what was found on the host; empty if that was not looked at
   * @param exitCode of the command
   */
  public static String json(
      Consumer<JsonText> configuration, Optional<CheckReport> host, int exitCode) {
    return JsonText.of(
        json -> {
          json.text("schema", SCHEMA).number("exit_code", exitCode);
          json.object("configuration", configuration);
          if (host.isPresent()) {
            json.object("host", host.get()::fields);
          } else {
            json.nothing("host");
          }
        });
  }

  private void fields(JsonText json) {
    json.text("result", result())
        .text("kernel", facts.release())
        .text("bpftrace", bpftrace.orElse(null))
        .flag("root", root)
        .constant("lockdown", facts.lockdown())
        .object(
            "modules",
            modules ->
                KernelFacts.MODULES.forEach(
                    module -> modules.text(module, words(facts.module(module)))))
        .texts("btf", facts.btf().stream().sorted().toList())
        .constant("run_counts", facts.bpfStats())
        .objects("measurements", measurements, JsonReport::measurement);
    for (Map.Entry<String, Optional<Trial>> trial :
        List.of(Map.entry("attach", attach), Map.entry("census", census))) {
      if (trial.getValue().isPresent()) {
        json.object(
            trial.getKey(),
            fields ->
                fields
                    .flag("works", trial.getValue().get().works())
                    .text("words", trial.getValue().get().words()));
      } else {
        json.nothing(trial.getKey());
      }
    }
    json.constant("degree", outlook.degree())
        .text("plan", outlook.degree().plan())
        .text("confidence", outlook.degree().confidence())
        .objects("lacks", outlook.lacks(), CheckReport::lack)
        .texts("troubles", troubles);
  }

  private static void lack(JsonText json, Outlook.Lack lack) {
    json.text("what", lack.what()).text("lost", lack.lost()).text("raise", lack.raise());
  }
}
