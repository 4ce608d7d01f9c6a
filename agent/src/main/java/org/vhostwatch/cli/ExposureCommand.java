package org.vhostwatch.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.vhostwatch.config.Keys;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.evidence.Diagnosis;
import org.vhostwatch.evidence.Examination;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.exposure.HostExposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.exposure.KernelRater;
import org.vhostwatch.exposure.QueueExposure;
import org.vhostwatch.exposure.QueueRater;
import org.vhostwatch.exposure.Taps;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.Spawner;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.ExposureReport;
import org.vhostwatch.report.Printable;
import org.vhostwatch.report.Style;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code vhostwatch exposure}: does this kernel have the bug, and which queues can be hit? */
@Command(
    name = "exposure",
    sortOptions = false,
    header = "Says whether this kernel has the bug, with the reason, and which queues can be hit.",
    description = {
      "Reads versions, the package's changelog, live patches and the result of the last drill; then "
          + "each queue's features by one census, and the offloads of the taps. Attaches no probe and "
          + "changes nothing. Without root there is no census: it lists the taps, and says so.",
      ""
    },
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:not exposed: the kernel is fixed, or none of its queues can be hit now",
      "1:the kernel is affected",
      "3:unknown: nothing that can be read decides; `vhostwatch drill` would",
      "64:wrong usage",
      "78:wrong configuration"
    })
final class ExposureCommand implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Mixin private final FormatOption format = new FormatOption();

  @Mixin
  private final Configured configured =
      Configured.ifKnown(Keys.STATE_DIR, Keys.BPFTRACE, Keys.SCRIPTS);

  @Override
  public Integer call() throws Failure, InterruptedException, IOException {
    Spawner spawner = new Spawner();
    ProcFs fs = new ProcFs(Path.of("/"));
    KernelExposure kernel = new KernelRater(fs, configured.state(), Optional.of(spawner)).rate();
    ProbeKit kit = ProbeKit.prepare(configured.kit(), spawner);
    kit.idle().ifPresent(this::progress);
    List<String> troubles = new ArrayList<>(kit.troubles());
    List<QueueExposure> queues = new ArrayList<>();
    boolean census = !kit.vhostNetLoaded();
    try (Taps taps = new Taps(fs)) {
      if (!census) {
        if (kit.plan().isPresent()) {
          progress("reading every vhost_net queue");
        }
        Findings findings =
            new Examination(
                    kit, new Diagnosis(Settings.DEFAULT), null, words -> {}, Configured.PATIENCE)
                .look();
        troubles.addAll(findings.troubles());
        census = findings.censuses() > 0;
        queues.addAll(census ? queues(findings, taps) : taps(taps));
      }
    }
    HostExposure host =
        new HostExposure(
            System.currentTimeMillis(), kit.facts().release(), kernel, queues, census, troubles);
    PrintWriter out = spec.commandLine().getOut();
    out.print(
        format.json() ? ExposureReport.json(host) : ExposureReport.text(host, Style.ofStdout()));
    out.flush();
    return ExitCode.of(host);
  }

  private static List<QueueExposure> queues(Findings findings, Taps taps) {
    List<QueueExposure> queues = new ArrayList<>();
    for (QueueVerdict verdict : findings.verdicts()) {
      CensusQueue queue = verdict.queue();
      if (queue != null) {
        queues.add(
            QueueRater.rate(
                Optional.of(queue),
                queue.port(),
                findings.vmm(verdict),
                taps.read(queue.port(), queue.process())));
      }
    }
    return queues;
  }

  private static List<QueueExposure> taps(Taps taps) {
    List<QueueExposure> queues = new ArrayList<>();
    for (TapPort port : taps.all()) {
      queues.add(QueueRater.rate(Optional.empty(), port, Optional.empty(), taps.read(port, 0)));
    }
    return queues;
  }

  private void progress(String words) {
    spec.commandLine().getErr().println("vhostwatch: " + Printable.of(words));
  }
}
