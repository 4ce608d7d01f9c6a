package org.vhostwatch.report;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.probe.Measurement;

/** A diagnosis as one JSON object; docs/json.md describes each field. */
public final class JsonReport {

  /** Name and version of the format; a field may be added within a version, none changes. */
  public static final String SCHEMA = "vhostwatch.diagnosis/1";

  private JsonReport() {}

  /** Returns the report. */
  public static String of(Findings findings) {
    return JsonText.of(json -> write(json, findings));
  }

  private static void write(JsonText json, Findings findings) {
    json.text("schema", SCHEMA);
    json.text("verdict", findings.worst().name());
    json.number("exit_code", ExitCode.of(findings));
    host(json, findings);
    json.fraction("seconds", findings.seconds());
    json.objects(
        "queues",
        findings.verdicts(),
        (fields, verdict) -> {
          QueueJson.whole(fields, Owners.of(findings, verdict), verdict, findings.kernel());
          SurroundingsJson.write(fields, findings, verdict);
        });
    workers(json, findings);
    UnexplainedJson.write(json, findings);
    json.objects(
        "measurements",
        findings.host().map(Event.Host::measurements).orElse(List.of()),
        JsonReport::measurement);
    ExposureJson.write(json, findings.host().flatMap(Event.Host::exposure));
    json.texts("troubles", findings.troubles());
    json.number("rejected_lines", findings.rejected());
    json.number("lost_events", findings.lost());
    json.number("censuses", findings.censuses());
    json.number("captures", findings.captures());
  }

  /** Writes when and where it was looked. */
  static void host(JsonText json, Findings findings) {
    json.text("time", findings.host().map(host -> time(host.wallMillis())).orElse(null));
    json.text("kernel", findings.host().map(Event.Host::kernel).orElse(null));
    json.name("bpftrace", findings.host().map(Event.Host::bpftrace).orElse(""));
  }

  /** Returns the time as in ISO 8601, in UTC. */
  static String time(long wallMillis) {
    return Instant.ofEpochMilli(wallMillis).toString();
  }

  private static void workers(JsonText json, Findings findings) {
    Map<Integer, QueueVerdict> served = new HashMap<>();
    findings.verdicts().forEach(verdict -> served.putIfAbsent(verdict.tid(), verdict));
    json.objects(
        "workers",
        findings.workers(),
        (fields, worker) -> {
          QueueVerdict verdict = served.get(worker.tid());
          fields.text(
              "vm",
              (verdict == null ? findings.vmm(worker) : findings.vmm(verdict))
                  .map(Vmm::name)
                  .orElse(null));
          QueueJson.worker(fields, worker, verdict == null ? Double.NaN : verdict.cpuShare());
        });
  }

  static void measurement(JsonText json, Measurement measurement) {
    json.text("what", measurement.what())
        .text("how", measurement.how())
        .constant("quality", measurement.quality());
  }
}
