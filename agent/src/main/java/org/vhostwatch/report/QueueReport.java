package org.vhostwatch.report;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.host.Worker;
import org.vhostwatch.snapshot.QueueStatus;

/** One queue, as the reports of all commands show it. */
public final class QueueReport {

  private final QueueStatus status;
  private final Exposure kernel;
  private final Findings findings;

  /**
   * @param kernel whether the kernel has the bug
   * @param around what goes on around the queue, if it was looked at
   * @param everyone the verdicts of all queues of the host
   */
  public QueueReport(
      QueueStatus status,
      Exposure kernel,
      Optional<Surroundings> around,
      List<QueueVerdict> everyone) {
    this.status = status;
    this.kernel = kernel;
    Worker worker = status.verdict().worker();
    this.findings =
        new Findings(
            Optional.empty(),
            0,
            List.of(status.verdict()),
            List.of(),
            status.vmm().stream().toList(),
            worker == null ? Map.of() : Map.of(worker.id(), status.port()),
            0,
            0,
            0,
            0,
            List.of(),
            around.map(seen -> Map.of(status.verdict().vq(), seen)).orElse(Map.of()),
            everyone,
            List.of());
  }

  /** Returns verdict, identity, state and what the verdict rests on, as one JSON object. */
  public String json() {
    return JsonText.of(json -> StatusReport.queue(json, status, kernel));
  }

  /** Returns the same as the lines that {@code diagnose} prints, harmless to a terminal. */
  public List<String> text() {
    return TextReport.queue(findings, kernel, status.verdict());
  }

  /** Returns what to do, a line each; empty if nothing is wrong. */
  public List<String> advice() {
    return Advice.of(status.verdict().verdict(), kernel, Owners.of(findings, status.verdict()));
  }

  /** Returns what goes on around the queue, as one JSON object. */
  public Optional<String> surroundings() {
    return findings
        .around(status.verdict())
        .map(seen -> SurroundingsJson.of(seen, status.verdict(), findings.everyone()));
  }
}
