package org.vhostwatch.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.detect.LookAlike;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.host.Surroundings;

/** The fields of what goes on around a queue (docs/json.md). */
public final class SurroundingsJson {

  private SurroundingsJson() {}

  /**
   * Returns what goes on around a queue as one JSON object.
   *
   * @param everyone the verdicts of all queues of the host
   */
  public static String of(Surroundings seen, QueueVerdict verdict, List<QueueVerdict> everyone) {
    return JsonText.of(json -> fields(json, seen, Company.of(verdict, everyone)));
  }

  /** Writes {@code surroundings} and {@code look_alikes}. */
  static void write(JsonText json, Findings findings, QueueVerdict verdict) {
    Optional<Surroundings> around = findings.around(verdict);
    if (around.isEmpty()) {
      json.nothing("surroundings");
    } else {
      json.object(
          "surroundings",
          fields -> fields(fields, around.get(), Company.of(verdict, findings.everyone())));
    }
    json.objects("look_alikes", findings.lookAlikes(verdict), SurroundingsJson::lookAlike);
  }

  private static void lookAlike(JsonText json, LookAlike one) {
    json.text("id", one.id()).constant("outcome", one.outcome()).text("text", one.text());
  }

  private static void fields(JsonText json, Surroundings seen, Company company) {
    json.fraction("seconds", seen.seconds());
    part(json, "cpu", seen.worker(), SurroundingsJson::scheduling);
    json.objects("on_cpu", seen.onCpu(), SurroundingsJson::runner);
    json.flag("on_cpu_cut", seen.cpuCut());
    part(json, "vmm", seen.vmm(), SurroundingsJson::process);
    part(json, "tap", seen.tap(), SurroundingsJson::tap);
    json.object("same_vm", fields -> counts(fields, company.sameVm()));
    json.object("other_vms", fields -> counts(fields, company.otherVms()));
    json.number("other_vm_count", company.vms());
    json.texts("troubles", seen.troubles());
  }

  private interface Part<T> {
    void write(JsonText json, T part);
  }

  private static <T> void part(JsonText json, String name, Optional<T> part, Part<T> fields) {
    if (part.isEmpty()) {
      json.nothing(name);
    } else {
      json.object(name, inner -> fields.write(inner, part.get()));
    }
  }

  private static void scheduling(JsonText json, Surroundings.Scheduling worker) {
    json.number("number", worker.cpu())
        .name("allowed", worker.allowed())
        .number("nice", worker.nice())
        .number("policy", worker.policy())
        .number("rt_priority", worker.rtPriority())
        .fraction("ran_percent", percent(worker.ranPermille()))
        .fraction("waited_percent", percent(worker.waitedPermille()));
  }

  private static void runner(JsonText json, Surroundings.Runner runner) {
    json.number("tid", runner.tid())
        .number("pid", runner.pid())
        .text("comm", runner.comm())
        .fraction("cpu_percent", percent(runner.permille()))
        .number("policy", runner.policy())
        .number("rt_priority", runner.rtPriority());
  }

  private static void process(JsonText json, Surroundings.VmmState vmm) {
    json.number("pid", vmm.pid())
        .text("state", String.valueOf(vmm.state()))
        .number("threads", vmm.threads())
        .number("stopped", vmm.stopped());
    if (vmm.frozen().isPresent()) {
      json.flag("frozen", vmm.frozen().get());
    } else {
      json.nothing("frozen");
    }
    json.number("uninterruptible", vmm.uninterruptible());
    json.flag("waits_for_vhost", vmm.waitsForVhost());
    json.objects(
        "waiting",
        vmm.waiting(),
        (fields, waiting) ->
            fields
                .number("tid", waiting.tid())
                .text("comm", waiting.comm())
                .name("wchan", waiting.wchan())
                .flag("storage", waiting.inStorage())
                .texts("stack", waiting.stack()));
    part(json, "busiest", vmm.hottest(), SurroundingsJson::runner);
  }

  private static void tap(JsonText json, Surroundings.TapCounters tap) {
    json.text("name", tap.name())
        .constant("flow", tap.flow())
        .number("tx_packets", tap.txPackets())
        .number("tx_dropped", tap.txDropped())
        .number("tx_packets_more", tap.txPacketsMore())
        .number("tx_dropped_more", tap.txDroppedMore())
        .number("rx_packets_more", tap.rxPacketsMore());
  }

  private static void counts(JsonText json, Map<Verdict, Integer> counts) {
    for (Verdict verdict : Verdict.values()) {
      json.number(verdict.name().toLowerCase(Locale.ROOT), counts.getOrDefault(verdict, 0));
    }
  }

  private static double percent(int permille) {
    return permille < 0 ? Double.NaN : permille / 10.0;
  }
}
