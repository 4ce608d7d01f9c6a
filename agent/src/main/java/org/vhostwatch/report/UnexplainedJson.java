package org.vhostwatch.report;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.snapshot.UnexplainedStatus;

/** The fields of workers whose CPU time nothing accounts for (docs/json.md). */
final class UnexplainedJson {

  private UnexplainedJson() {}

  static void write(JsonText json, Findings findings) {
    json.objects(
        "unexplained",
        findings.unexplained(),
        (fields, found) ->
            fields(
                fields, findings.vmm(found.worker()).map(Vmm::name).orElse(null), 0, null, found));
  }

  static void write(JsonText json, List<UnexplainedStatus> all) {
    json.objects(
        "unexplained",
        all,
        (fields, status) ->
            fields(
                fields,
                status.vm().isEmpty() ? null : status.vm(),
                status.sinceWallMillis(),
                status.devices().isEmpty() ? null : status.devices(),
                status.found()));
  }

  private static void fields(
      JsonText json,
      @Nullable String vm,
      long sinceWallMillis,
      @Nullable List<String> devices,
      UnexplainedWorker found) {
    json.text("vm", vm);
    json.object("worker", fields -> QueueJson.worker(fields, found.worker(), found.share()));
    json.text("since", sinceWallMillis == 0 ? null : JsonReport.time(sinceWallMillis));
    json.fraction("seconds", found.provenSeconds());
    json.fraction("waited_percent", found.waits() * 100);
    json.number("queues", found.queues());
    json.number("busyloop_microseconds", found.busyloopMicros());
    if (devices == null) {
      json.nothing("devices");
    } else {
      json.texts("devices", devices);
    }
    json.text("place", found.place().map(UnexplainedWorker.Place::function).orElse(null));
    json.objects(
        "stacks",
        found.stacks(),
        (fields, stack) ->
            fields.number("samples", stack.samples()).texts("frames", stack.frames()));
  }
}
