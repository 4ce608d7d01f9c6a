package org.vhostwatch.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.config.Keys;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.evidence.Diagnosis;
import org.vhostwatch.evidence.Examination;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.exposure.KernelRater;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.libc.NetNamespace;
import org.vhostwatch.mitigate.HeldTaps;
import org.vhostwatch.mitigate.Mitigator;
import org.vhostwatch.mitigate.TapResult;
import org.vhostwatch.mitigate.Target;
import org.vhostwatch.mitigate.Targets;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.Spawner;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.MitigationReport;
import org.vhostwatch.report.MitigationReport.Mode;
import org.vhostwatch.report.Plural;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vhostwatch mitigate}: turns the offloads of exposed taps off, and on again. */
@Command(
    name = "mitigate",
    sortOptions = false,
    header = "Turns off, on exposed taps, the offloads that let packets reach guests uncut.",
    description = {
      "What cannot be larger than a buffer cannot livelock a queue: on an affected kernel this turns "
          + "off the segmentation features on the way out of each tap behind vhost_net, so that "
          + "packets are cut before. Only says what it would do, unless --apply is given. What was "
          + "before is kept in the state folder, and --undo restores exactly that.",
      "It prevents the next livelock; one that is there is not ended by it. A macvtap cannot be "
          + "helped so. Needs root.",
      ""
    },
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all is as wanted; of a dry run: all could be looked at",
      "1:some is not, or not all taps are known: it says why",
      "3:could not: not root, no such VM, one of the taps is not there, or the state folder cannot"
          + " be used",
      "4:refused: this kernel is fixed, or not known to be affected",
      "64:wrong usage",
      "78:wrong configuration"
    })
final class MitigateCommand implements Callable<Integer> {

  /** For one tap: a question to the kernel takes milliseconds, on a sick host for ever. */
  private static final Duration LIMIT = Duration.ofSeconds(15);

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Option(names = "--apply", description = "Do it.")
  private boolean apply;

  @Option(
      names = "--undo",
      description = "Request what was before, on all taps that are mitigated or those named.")
  private boolean undo;

  @Option(
      names = "--tap",
      paramLabel = "NAME",
      description = "Only this tap; may be given several times.")
  private List<String> taps = new ArrayList<>();

  @Option(names = "--vm", paramLabel = "NAME", description = "Only taps of this VM.")
  private @Nullable String vm;

  @Option(
      names = "--force",
      description =
          "Also on a kernel that is not known to be affected, and on taps of guests that cannot "
              + "livelock.")
  private boolean force;

  @Mixin private final FormatOption format = new FormatOption();

  @Mixin
  private final Configured configured =
      Configured.with(Keys.STATE_DIR, Keys.BPFTRACE, Keys.SCRIPTS);

  @Override
  public Integer call() throws Failure, IOException, InterruptedException {
    if (apply && undo) {
      throw new ParameterException(
          spec.commandLine(), "--apply and --undo are opposites: give one of them");
    }
    if (undo && force) {
      throw new ParameterException(
          spec.commandLine(), "--undo needs no --force: it restores all that is remembered");
    }
    if ((apply || undo) && !ProbeKit.privileged()) {
      throw new Failure(ExitCode.UNKNOWN, "not root: run it as root to change taps");
    }
    Mitigator mitigator = new Mitigator(configured.state(), LIMIT);
    MitigationReport report = undo ? undone(mitigator) : mitigated(mitigator);
    PrintWriter out = spec.commandLine().getOut();
    out.print(format.json() ? report.json() : report.text());
    out.flush();
    return report.exitCode();
  }

  private MitigationReport undone(Mitigator mitigator)
      throws Failure, IOException, InterruptedException {
    require(mitigator.remembered(), "no mitigated tap is remembered of ");
    say("restoring what is remembered in " + configured.state().path());
    List<TapResult> results = mitigator.undo(this::wanted);
    return new MitigationReport(
        Mode.UNDO, release(), KernelExposure.NOT_RATED, false, ownNetns(), results, List.of());
  }

  private MitigationReport mitigated(Mitigator mitigator)
      throws Failure, IOException, InterruptedException {
    Mode mode = apply ? Mode.APPLY : Mode.DRY_RUN;
    Spawner spawner = new Spawner();
    ProbeKit kit = ProbeKit.prepare(configured.kit(), spawner);
    KernelExposure kernel =
        new KernelRater(new ProcFs(Path.of("/")), configured.state(), Optional.of(spawner)).rate();
    boolean refused = kernel.status() != Exposure.AFFECTED && !force;
    List<String> troubles = new ArrayList<>();
    List<Target> targets = kit.vhostNetLoaded() ? targets(kit, troubles) : List.of();
    require(
        targets.stream().map(MitigateCommand::named).toList(),
        "no tap behind vhost_net here is of ");
    List<TapResult> results =
        apply && !refused
            ? mitigator.apply(targets, force, Mitigator.By.OPERATOR)
            : mitigator.plan(targets, force);
    return new MitigationReport(
        mode, kit.facts().release(), kernel, refused, ownNetns(), results, troubles);
  }

  private List<Target> targets(ProbeKit kit, List<String> troubles)
      throws IOException, InterruptedException {
    Examination examination =
        new Examination(kit, new Diagnosis(Settings.DEFAULT), null, this::say, Configured.PATIENCE);
    Findings findings = examination.look();
    List<Target> all;
    if (findings.censuses() > 0) {
      troubles.addAll(leftOut(findings));
      all = Targets.of(findings.verdicts(), verdict -> vm(findings, verdict));
    } else {
      troubles.addAll(kit.troubles());
      troubles.addAll(findings.troubles());
      troubles.add(
          "no census: these are all taps that processes with vhost workers hold, whatever for");
      all = HeldTaps.of(findings.vmms(), LIMIT);
    }
    Set<Target> chosen = new LinkedHashSet<>();
    for (Target target : all) {
      if (wanted(named(target))) {
        chosen.add(target);
      }
    }
    return List.copyOf(chosen);
  }

  /** Who names taps has them, or is told that they are not there. */
  private List<String> leftOut(Findings findings) {
    List<String> words = new ArrayList<>();
    if (taps.isEmpty()) {
      List<QueueVerdict> ours =
          findings.verdicts().stream()
              .filter(verdict -> vm == null || vm.equals(vm(findings, verdict)))
              .toList();
      words.addAll(Targets.leftOut(ours, verdict -> vm(findings, verdict)));
    }
    if (findings.rejected() > 0) {
      words.add(
          Plural.of(findings.rejected(), "line")
              + " of the census could not be read: what they tell of is left out; run it again");
    }
    return words;
  }

  private static String vm(Findings findings, QueueVerdict verdict) {
    return findings.vmm(verdict).map(Vmm::name).orElse("");
  }

  private static Mitigator.Named named(Target target) {
    return new Mitigator.Named(target.name(), target.vm());
  }

  private boolean wanted(Mitigator.Named tap) {
    return (taps.isEmpty() || taps.contains(tap.tap())) && (vm == null || vm.equals(tap.vm()));
  }

  /** Who names a tap that is not there has mistyped it, and thinks that it is done. */
  private void require(List<Mitigator.Named> there, String none) throws Failure {
    List<Mitigator.Named> chosen = there.stream().filter(this::wanted).toList();
    List<String> missing =
        taps.stream()
            .distinct()
            .filter(name -> chosen.stream().noneMatch(tap -> tap.tap().equals(name)))
            .toList();
    if (!missing.isEmpty() || (chosen.isEmpty() && vm != null)) {
      String named = missing.isEmpty() ? "" : "tap " + String.join(", ", missing);
      String owner = vm == null ? "" : "VM " + vm;
      throw new Failure(
          ExitCode.UNKNOWN,
          none
              + named
              + (named.isEmpty() || owner.isEmpty() ? "" : " and ")
              + owner
              + ": nothing was changed");
    }
  }

  private void say(String words) {
    spec.commandLine().getErr().println("vhostwatch: " + words);
  }

  private static long ownNetns() throws IOException {
    return NetNamespace.inodeAt(Path.of("/proc/self/ns/net"));
  }

  private static String release() {
    return System.getProperty("os.version", "");
  }
}
