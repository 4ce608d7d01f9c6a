package org.vhostwatch.report;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.ProbeStatus;
import org.vhostwatch.snapshot.QueueStatus;

/** What the daemon sees now, as one JSON object; docs/json.md describes each field. */
public final class StatusReport {

  /** Name and version of the format; a field may be added within a version, none changes. */
  public static final String SCHEMA = "vhostwatch.status/1";

  private StatusReport() {}

  /**
   * Returns the report.
   *
   * @param standsStill that the daemon's loop stands still, in words: the picture is old then
   */
  public static String of(HostSnapshot snapshot, Optional<String> standsStill) {
    return JsonText.of(json -> write(json, snapshot, standsStill));
  }

  private static void write(JsonText json, HostSnapshot snapshot, Optional<String> standsStill) {
    int code = ExitCode.of(snapshot);
    boolean unknown = standsStill.isPresent() && code != ExitCode.LIVELOCKED;
    json.text("schema", SCHEMA);
    json.text("verdict", snapshot.worst().name());
    json.number("exit_code", unknown ? ExitCode.UNKNOWN : code);
    json.text("stands_still", standsStill.orElse(null));
    json.text("time", JsonReport.time(snapshot.wallMillis()));
    json.name("kernel", snapshot.kernel());
    json.name("bpftrace", snapshot.probes().bpftrace());
    json.objects(
        "queues",
        snapshot.queues(),
        (fields, queue) -> queue(fields, queue, snapshot.exposure().status()));
    workers(json, snapshot);
    UnexplainedJson.write(json, snapshot.unexplained());
    json.object("probes", fields -> probes(fields, snapshot.probes()));
    json.text("nothing_to_watch", snapshot.probes().idle().orElse(null));
    ExposureJson.write(json, Optional.of(snapshot.exposure()));
    json.texts("troubles", snapshot.probes().troubles());
  }

  static void queue(JsonText json, QueueStatus status, Exposure kernel) {
    QueueVerdict verdict = status.verdict();
    time(json, "since", status.sinceWallMillis());
    json.flag("unused", verdict.unused());
    QueueJson.whole(
        json,
        new QueueJson.Identity(
            status.vm().isEmpty() ? null : status.vm(),
            status.vmm(),
            verdict.queue() == null ? 0 : verdict.queue().process(),
            status.port()),
        verdict,
        kernel);
  }

  private static void workers(JsonText json, HostSnapshot snapshot) {
    Map<Integer, Double> shares = new HashMap<>();
    for (QueueStatus status : snapshot.queues()) {
      shares.put(status.verdict().tid(), status.verdict().cpuShare());
    }
    json.objects(
        "workers",
        snapshot.workers(),
        (fields, status) -> {
          fields.name("vm", status.vm());
          QueueJson.worker(
              fields, status.worker(), shares.getOrDefault(status.worker().tid(), Double.NaN));
        });
  }

  private static void probes(JsonText json, ProbeStatus probes) {
    json.text("mode", probes.mode());
    json.flag("up", probes.up());
    json.number("restarts", probes.restarts());
    json.object("attached", fields -> probes.attached().forEach(fields::flag));
    json.object(
        "runs",
        fields ->
            probes
                .runs()
                .forEach(
                    (probe, runs) ->
                        fields.object(
                            probe,
                            run ->
                                run.number("count", runs.count())
                                    .fraction("seconds", runs.nanos() / 1e9))));
    json.number("rejected_lines", probes.rejectedLines());
    json.number("lost_events", probes.lostEvents());
    json.number("censuses", probes.censuses());
    json.number("census_failures", probes.censusFailures());
    json.number("captures", probes.captures());
    time(json, "last_census", probes.lastCensusWallMillis());
  }

  private static void time(JsonText json, String name, long wallMillis) {
    json.text(name, wallMillis == 0 ? null : JsonReport.time(wallMillis));
  }
}
