package org.vhostwatch.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.Criterion;
import org.vhostwatch.detect.LookAlike;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.EpisodeLengths;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.Measurement;
import org.vhostwatch.probe.SpinCounters;

/** A diagnosis as text that an operator can read at 3 a.m. and paste into a bug report. */
public final class TextReport {

  private static final int MAX_HISTOGRAM_LINES = 24;

  private final StringBuilder out = new StringBuilder();
  private final Style style;

  private TextReport(Style style) {
    this.style = style;
  }

  /** Returns the report. */
  public static String of(Findings findings, Style style) {
    TextReport report = new TextReport(style);
    report.write(findings);
    return report.out.toString();
  }

  /** Returns the lines of one queue, whatever its verdict. */
  static List<String> queue(Findings findings, Exposure kernel, QueueVerdict verdict) {
    TextReport report = new TextReport(Style.PLAIN);
    report.section(findings, kernel, verdict);
    return report.out.toString().stripTrailing().lines().toList();
  }

  private void write(Findings findings) {
    List<QueueVerdict> quiet = new ArrayList<>();
    for (QueueVerdict verdict : findings.verdicts()) {
      if (verdict.verdict() == Verdict.HEALTHY || verdict.verdict() == Verdict.BUSY) {
        quiet.add(verdict);
      } else {
        section(findings, findings.kernel(), verdict);
      }
    }
    findings.unexplained().forEach(found -> unexplained(findings, found));
    quiet(findings, quiet);
    findings.host().ifPresent(host -> measurements(host));
    for (String trouble : findings.troubles()) {
      line("trouble: " + Printable.of(trouble));
    }
    footer(findings);
  }

  private void section(Findings findings, Exposure kernel, QueueVerdict verdict) {
    line(
        style.verdict(verdict.verdict())
            + " (confidence "
            + verdict.confidence().name().toLowerCase(Locale.ROOT)
            + "): "
            + Names.of(findings, verdict));
    line("  " + Printable.of(verdict.summary()));
    line("");
    worker(findings, verdict);
    TapPort port = findings.port(verdict);
    if (!port.name().isEmpty()) {
      tap(port);
    }
    if (verdict.queue() != null) {
      census(verdict.queue(), verdict.spin());
    }
    if (verdict.spin() != null) {
      line(
          "  spins    episodes %d, passes %d, %.1f s in all, the longest %.3f s%s",
          verdict.episodes(),
          verdict.passes(),
          verdict.spunNanos() / 1e9,
          verdict.spin().longestNanos() / 1e9,
          lengths(verdict.spin().lengths()));
    }
    findings
        .around(verdict)
        .ifPresent(
            around -> {
              SurroundingsText.around(around).forEach(this::line);
              company(Company.of(verdict, findings.everyone()));
            });
    if (verdict.evidence() != null) {
      evidence(verdict.evidence(), verdict.queue());
    }
    if (!verdict.criteria().isEmpty()) {
      line("");
      line("  rests on");
      for (Criterion criterion : verdict.criteria()) {
        line("    %-14s %s", mark(criterion), Printable.of(criterion.text()));
      }
    }
    lookAlikes(findings, verdict);
    List<String> advice = Advice.of(verdict.verdict(), kernel, Owners.of(findings, verdict));
    if (!advice.isEmpty()) {
      line("");
      line("  what to do");
      advice.forEach(item -> line("    - " + item));
    }
    line("");
  }

  private void unexplained(Findings findings, UnexplainedWorker found) {
    line(
        style.warning("UNEXPLAINED")
            + ": VM "
            + findings.vmm(found.worker()).map(Vmm::name).map(Printable::of).orElse("unknown")
            + ", worker "
            + found.worker().tid());
    line("  " + UnexplainedText.sentence(found, List.of()));
    UnexplainedText.stacks(found).forEach(this::line);
    line("");
  }

  private void company(Company company) {
    if (!company.sameVm().isEmpty()) {
      line("  same VM  other queues: %s", Company.words(company.sameVm()));
    }
    if (company.vms() > 0) {
      line(
          "  host     queues of %d other VM%s: %s",
          company.vms(), company.vms() == 1 ? "" : "s", Company.words(company.otherVms()));
    }
  }

  private void lookAlikes(Findings findings, QueueVerdict verdict) {
    List<LookAlike> all = findings.lookAlikes(verdict);
    if (!all.isEmpty()) {
      line("");
      line("  why it is not something else");
      SurroundingsText.lookAlikes(all).forEach(this::line);
    }
  }

  private static String mark(Criterion criterion) {
    return switch (criterion.outcome()) {
      case MET -> "[met]";
      case NOT_MET -> "[not met]";
      case NOT_MEASURABLE -> "[not measured]";
    };
  }

  private void worker(Findings findings, QueueVerdict verdict) {
    Worker worker = verdict.worker();
    if (worker != null) {
      line(
          "  worker   tid %d  pid %d  comm %s  state %c  CPU %s  on CPU %d  %s",
          worker.tid(),
          worker.tgid(),
          Printable.of(worker.comm()),
          worker.state(),
          percent(verdict.cpuShare()),
          worker.cpu(),
          worker.kind() == Worker.Kind.KTHREAD ? "(kernel thread)" : "(thread of the VMM)");
    } else {
      line("  worker   tid %d  (not seen in /proc)", verdict.tid());
    }
    findings.vmm(verdict).ifPresent(this::vmm);
  }

  private void vmm(Vmm vmm) {
    line(
        "  VM       %s%s%s  process %s pid %d",
        Printable.of(vmm.name()),
        vmm.uuid().map(uuid -> "  uuid " + Printable.of(uuid)).orElse(""),
        vmm.vmid().map(id -> "  id " + Printable.of(id)).orElse(""),
        Printable.of(vmm.comm()),
        vmm.pid());
  }

  private void tap(TapPort port) {
    line(
        "  tap      %s  ifindex %s%s  network namespace %s  (%s)",
        Printable.of(port.name()),
        port.ifindex() == 0 ? "unknown" : String.valueOf(port.ifindex()),
        port.master().isEmpty() ? "" : "  in " + Printable.of(port.master()),
        port.netns() == 0 ? "unknown" : String.valueOf(port.netns()),
        port.exact() ? "exact" : "inferred from the VMM's files");
  }

  private void census(CensusQueue queue, @Nullable SpinCounters spin) {
    line(
        "  queue    tap %s  index %d  ring %d  avail_idx %d  last_avail_idx %d%s  last_used_idx %d",
        queue.tap().isEmpty() ? "(none)" : Printable.of(queue.tap()),
        queue.queueIndex(),
        queue.num(),
        queue.availIdx(),
        queue.lastAvailIdx(),
        spin != null && spin.indices() ? " (" + spin.rewoundAvailIdx() + " after roll-back)" : "",
        queue.lastUsedIdx());
    line(
        "           %d buffers posted, mergeable %s, vhost_virtqueue 0x%x",
        queue.postedBuffers(), queue.mergeable() ? "yes" : "no", queue.vq());
    line(
        queue.packetWaits()
            ? String.format(
                Locale.ROOT,
                "  head     packet of %d bytes, %d waiting",
                queue.headBytes(),
                queue.waiting())
            : "  head     no packet waits");
  }

  private void evidence(Evidence evidence, @Nullable CensusQueue queue) {
    line("");
    line(
        "  passes   %.0f a second (%d in %.1f s), %s descriptors given back each",
        evidence.passesPerSecond(),
        evidence.passes(),
        evidence.nanos() / 1e9,
        evidence.rolledBack().keySet());
    histogram(
        "@get_rx_ret",
        evidence.getRxBufs(),
        evidence.getRxBufsDerived() ? "   (derived: get_rx_bufs is inlined)" : "");
    histogram("@peek_ret", evidence.peek(), "");
    histogram("@desc_ret", evidence.descriptors(), "");
    histogram("@notify_ret", evidence.enableNotify(), "");
    int ring = queue == null ? 0 : queue.num();
    List<Long> heads =
        evidence.descriptors().keySet().stream().filter(id -> id >= 0 && id != ring).toList();
    if (!heads.isEmpty() && ring > 0) {
      line("  heads    %s fetched again and again", shortened(heads));
    }
    line(
        "  recvmsg %s  used and signalled %s  gave up after 256 passes with 0 bytes %s",
        count(evidence.recvmsg()), count(evidence.signalled()), count(evidence.gaveUp()));
    long samples = evidence.stacks().stream().mapToLong(Evidence.Stack::samples).sum();
    for (Evidence.Stack stack : evidence.stacks().stream().limit(2).toList()) {
      line("  stack    %d of %d samples", stack.samples(), samples);
      stack.frames().forEach(frame -> line("             " + Printable.of(frame)));
    }
  }

  private static String shortened(List<Long> heads) {
    return heads.size() <= 64
        ? heads.toString()
        : heads.subList(0, 64) + " and " + (heads.size() - 64) + " more";
  }

  private void histogram(String name, SortedMap<Long, Long> counts, String remark) {
    int lines = 0;
    for (Map.Entry<Long, Long> entry : counts.entrySet()) {
      if (++lines > MAX_HISTOGRAM_LINES) {
        line("  %s: and %d more", name, counts.size() - MAX_HISTOGRAM_LINES);
        return;
      }
      line("  %s[%d]: %d%s", name, entry.getKey(), entry.getValue(), lines == 1 ? remark : "");
    }
  }

  private static String count(long value) {
    return value < 0 ? "not measured" : String.valueOf(value);
  }

  /** Returns how many were as long as each bound that any reached. */
  private static String lengths(EpisodeLengths lengths) {
    List<String> reached = new ArrayList<>();
    lengths
        .reachedByMillis()
        .forEach(
            (millis, count) -> {
              if (count > 0) {
                String bound = millis < 1_000 ? millis + " ms" : millis / 1_000 + " s";
                reached.add(count + " of " + bound);
              }
            });
    return reached.isEmpty() ? "" : " (" + String.join(", ", reached) + " or more)";
  }

  private void quiet(Findings findings, List<QueueVerdict> quiet) {
    for (QueueVerdict verdict : quiet) {
      String episodes =
          verdict.spin() == null || verdict.episodes() == 0
              ? ""
              : String.format(
                  Locale.ROOT,
                  ", near misses %d, %.3f s in all, the longest %.3f s%s",
                  verdict.episodes(),
                  verdict.spunNanos() / 1e9,
                  verdict.spin().longestNanos() / 1e9,
                  lengths(verdict.spin().lengths()));
      line(
          "%s (confidence %s): %s, CPU %s%s",
          style.verdict(verdict.verdict()),
          verdict.confidence().name().toLowerCase(Locale.ROOT),
          Names.of(findings, verdict),
          percent(verdict.cpuShare()),
          episodes);
      findings
          .around(verdict)
          .filter(around -> !findings.lookAlikes(verdict).isEmpty())
          .ifPresent(
              around -> {
                SurroundingsText.around(around).forEach(this::line);
                line("  what its CPU time could be");
                SurroundingsText.lookAlikes(findings.lookAlikes(verdict)).forEach(this::line);
              });
    }
    if (findings.verdicts().isEmpty()) {
      line(
          findings.workers().isEmpty()
              ? "no vhost worker on this host"
              : findings.workers().size()
                  + " vhost workers, none of them serves a vhost_net queue");
    }
  }

  private void measurements(Event.Host host) {
    for (Measurement measurement : host.measurements()) {
      if (measurement.quality() != Measurement.Quality.MEASURED) {
        line(
            "%s: %s (%s)",
            measurement.quality() == Measurement.Quality.DERIVED ? "derived" : "not measurable",
            measurement.what(),
            Printable.of(measurement.how()));
      }
    }
  }

  private void footer(Findings findings) {
    findings
        .host()
        .flatMap(Event.Host::exposure)
        .ifPresent(exposure -> line("exposure: " + ExposureReport.sentence(exposure)));
    String kernel = findings.host().map(Event.Host::kernel).orElse("unknown");
    String bpftrace = findings.host().map(Event.Host::bpftrace).orElse("");
    line(
        "kernel %s, bpftrace %s, workers %d, censuses %d, %.1f s%s",
        Printable.of(kernel),
        bpftrace.isEmpty() ? "none" : Printable.of(bpftrace),
        findings.workers().size(),
        findings.censuses(),
        findings.seconds(),
        findings.rejected() + findings.lost() == 0
            ? ""
            : ", " + findings.rejected() + " lines rejected, " + findings.lost() + " events lost");
  }

  static String percent(double share) {
    return Double.isNaN(share) ? "unknown" : String.format(Locale.ROOT, "%.0f %%", share * 100);
  }

  private void line(String format, Object... values) {
    out.append(values.length == 0 ? format : String.format(Locale.ROOT, format, values))
        .append('\n');
  }
}
