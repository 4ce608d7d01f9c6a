package org.vhostwatch.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.vhostwatch.detect.Confidence;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;

/**
 * Every worker and queue of the host in one look, without a verdict: one row a queue, and one a
 * worker whose queue is not known.
 */
public final class ThreadsReport {

  /** Name and version of the format; a field may be added within a version, none changes. */
  public static final String SCHEMA = "vhostwatch.threads/1";

  private ThreadsReport() {}

  /** A row: a queue with its worker, or a worker alone. */
  private record Row(QueueJson.Identity owner, QueueVerdict seen) {}

  /** Returns the rows as one JSON object; docs/json.md describes each field. */
  public static String json(Findings findings) {
    return JsonText.of(
        json -> {
          json.text("schema", SCHEMA);
          JsonReport.host(json, findings);
          json.objects(
              "threads",
              rows(findings),
              (fields, row) -> QueueJson.state(fields, row.owner(), row.seen()));
          json.texts("troubles", findings.troubles());
          json.number("rejected_lines", findings.rejected());
          json.number("censuses", findings.censuses());
        });
  }

  /** Returns the rows as a table, with what did not work below it. */
  public static String text(Findings findings) {
    StringBuilder text = new StringBuilder();
    List<Row> rows = rows(findings);
    if (rows.isEmpty()) {
      text.append("no vhost worker and no vhost_net queue on this host\n");
    } else {
      Table table =
          new Table(
              "VM<",
              "PID",
              "TID",
              "CPU%",
              "STATE<",
              "TAP<",
              "QUEUE",
              "BRIDGE<",
              "NUM",
              "AVAIL",
              "LAST_AVAIL",
              "LAST_USED",
              "POSTED",
              "HEAD",
              "IDENTITY<");
      rows.forEach(row -> table.row(cells(row)));
      text.append(table);
    }
    for (String trouble : findings.troubles()) {
      text.append("trouble: ").append(Printable.of(trouble)).append('\n');
    }
    if (!rows.isEmpty() && findings.censuses() == 0) {
      text.append("no census: queues are not known, owners are inferred from /proc\n");
    }
    findings
        .host()
        .map(Event.Host::kernel)
        .ifPresent(kernel -> text.append("kernel ").append(Printable.of(kernel)).append('\n'));
    return text.toString();
  }

  private static List<Row> rows(Findings findings) {
    List<Row> rows = new ArrayList<>();
    Set<Integer> serving = new HashSet<>();
    for (QueueVerdict verdict : findings.verdicts()) {
      rows.add(new Row(Owners.of(findings, verdict), verdict));
      serving.add(verdict.tid());
    }
    for (Worker worker : findings.workers()) {
      if (!serving.contains(worker.tid())) {
        QueueVerdict alone = alone(worker);
        rows.add(new Row(Owners.of(findings, alone), alone));
      }
    }
    rows.sort(
        Comparator.comparing((Row row) -> row.owner().vm() == null ? "" : row.owner().vm())
            .thenComparing(row -> row.owner().port().name())
            .thenComparingInt(row -> row.owner().port().queueIndex())
            .thenComparingInt(row -> row.seen().tid())
            .thenComparingLong(row -> row.seen().vq()));
    return rows;
  }

  /** A worker that the detector did not judge, because the census found no queue that it serves. */
  private static QueueVerdict alone(Worker worker) {
    return new QueueVerdict(
        0,
        worker.tid(),
        Verdict.UNKNOWN,
        Confidence.LOW,
        "",
        List.of(),
        0,
        Double.NaN,
        0,
        0,
        0,
        worker,
        null,
        null,
        null);
  }

  private static String[] cells(Row row) {
    QueueVerdict seen = row.seen();
    Worker worker = seen.worker();
    CensusQueue queue = seen.queue();
    int pid = row.owner().pid();
    TapPort port = row.owner().port();
    return new String[] {
      name(row.owner().vm() == null ? "" : row.owner().vm()),
      pid > 0 ? String.valueOf(pid) : "-",
      seen.tid() > 0 ? String.valueOf(seen.tid()) : "-",
      Double.isNaN(seen.cpuShare()) ? "-" : String.valueOf(Math.round(seen.cpuShare() * 100)),
      worker == null ? "-" : Printable.of(String.valueOf(worker.state())),
      name(port.name()),
      port.queueIndex() < 0 ? "-" : String.valueOf(port.queueIndex()),
      name(port.master()),
      queue == null ? "-" : String.valueOf(queue.num()),
      queue == null ? "-" : String.valueOf(queue.availIdx()),
      queue == null ? "-" : String.valueOf(queue.lastAvailIdx()),
      queue == null ? "-" : String.valueOf(queue.lastUsedIdx()),
      queue == null ? "-" : String.valueOf(queue.postedBuffers()),
      queue == null || !queue.packetWaits() ? "-" : String.valueOf(queue.headBytes()),
      port.exact() ? "exact" : "inferred"
    };
  }

  private static String name(String text) {
    return text.isEmpty() ? "-" : Printable.of(text);
  }
}
