package org.vhostwatch.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.vhostwatch.config.Keys;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.evidence.Diagnosis;
import org.vhostwatch.evidence.Examination;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.Spawner;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.report.ThreadsReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code vhostwatch threads}: every worker and queue, by a census, without probes. */
@Command(
    name = "threads",
    sortOptions = false,
    header = "Lists every vhost worker and vhost_net queue with its VM, tap and indices.",
    description = {
      "Reads the queues from kernel memory by one census; attaches no probe. Without root, or where "
          + "no census can be taken, it lists the workers that /proc shows, and says so.",
      ""
    },
    optionListHeading = "Options:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:listed",
      "1:listed from /proc alone: the census could not be taken",
      "64:wrong usage",
      "78:wrong configuration"
    })
final class ThreadsCommand implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Mixin private final FormatOption format = new FormatOption();

  @Mixin private final Configured configured = Configured.ifKnown(Keys.BPFTRACE, Keys.SCRIPTS);

  @Override
  public Integer call() throws Failure, InterruptedException {
    PrintWriter err = spec.commandLine().getErr();
    ProbeKit kit = ProbeKit.prepare(configured.kit(), new Spawner());
    kit.idle().ifPresent(why -> err.println("vhostwatch: " + why));
    kit.troubles().forEach(trouble -> err.println("vhostwatch: " + trouble));
    Examination examination =
        new Examination(
            kit, new Diagnosis(Settings.DEFAULT), null, words -> {}, Configured.PATIENCE);
    Findings findings = examination.look();
    findings.troubles().forEach(trouble -> err.println("vhostwatch: " + trouble));
    PrintWriter out = spec.commandLine().getOut();
    out.print(format.json() ? ThreadsReport.json(findings) : ThreadsReport.text(findings));
    out.flush();
    return findings.censuses() > 0 ? ExitCode.OK : ExitCode.WARNING;
  }
}
