package org.vhostwatch.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vhostwatch.report.ParsedJson.at;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.host.Vmm;

class JsonReportTest {

  @Test
  void saysWorstVerdictAndExitCodeFirst() {
    Map<String, Object> json = ParsedJson.object(JsonReport.of(Samples.findings()));
    assertThat(json)
        .containsEntry("schema", "vhostwatch.diagnosis/1")
        .containsEntry("verdict", "LIVELOCKED")
        .containsEntry("exit_code", 2L)
        .containsEntry("time", "2026-11-18T11:06:40Z")
        .containsEntry("kernel", Samples.KERNEL)
        .containsEntry("seconds", 5.25);
  }

  @Test
  void hasAllNumbersOfALivelock() {
    Map<String, Object> json = ParsedJson.object(JsonReport.of(Samples.findings()));
    assertThat(at(json, "queues.0.vm")).isEqualTo("web01");
    assertThat(at(json, "queues.0.vq")).isEqualTo("0xffff888104a3c000");
    assertThat(at(json, "queues.0.worker.cpu_percent")).isEqualTo(98.765);
    assertThat(at(json, "queues.0.last_avail_idx_after_roll_back")).isEqualTo(65_530L);
    assertThat(at(json, "queues.0.posted_buffers")).isEqualTo(8L);
    assertThat(at(json, "queues.0.mergeable")).isEqualTo(true);
    assertThat(at(json, "queues.0.head.bytes")).isEqualTo(60_366L);
    assertThat(at(json, "queues.0.spin.passes_per_second")).isEqualTo(25_000.0);
    assertThat(at(json, "queues.0.criteria.1.outcome")).isEqualTo("not_measurable");
    assertThat(at(json, "queues.0.evidence.get_rx_ret")).isEqualTo(Map.of("0", 100_001L));
    assertThat(at(json, "queues.0.evidence.heads")).isEqualTo(List.of(0L, 1L));
    assertThat(at(json, "queues.0.evidence.recvmsg")).isEqualTo(0L);
  }

  @Test
  void whatWasNotMeasuredIsNull() {
    Findings findings =
        Samples.findings(
            List.of(Samples.blind(Samples.worker(9, 8, 1))), List.of(Samples.worker(9, 8, 1)));
    String text = JsonReport.of(findings);
    Map<String, Object> json = ParsedJson.object(text);
    for (String field :
        List.of("vm", "tap", "queue_index", "vq", "num", "posted_buffers", "head", "spin")) {
      assertThat(at(json, "queues.0." + field)).as(field).isNull();
    }
    assertThat(at(json, "queues.0.worker.cpu_percent")).isNull();
    assertThat(text).doesNotContain("NaN").doesNotContain(": -");
    Map<String, Object> full = ParsedJson.object(JsonReport.of(Samples.findings()));
    assertThat(at(full, "queues.0.evidence.signalled")).isNull();
  }

  @Test
  void indicesComeFromTheProbeWhenThereIsNoCensus() {
    QueueVerdict seen = Samples.livelocked(Samples.VQ, 4711, 4713, "vnet3", 0);
    QueueVerdict unread =
        new QueueVerdict(
            seen.vq(),
            seen.tid(),
            seen.verdict(),
            seen.confidence(),
            seen.summary(),
            seen.criteria(),
            seen.since(),
            seen.cpuShare(),
            seen.episodes(),
            seen.passes(),
            seen.spunNanos(),
            null,
            null,
            seen.spin(),
            null);
    Map<String, Object> json =
        ParsedJson.object(JsonReport.of(Samples.findings(List.of(unread), List.of())));
    assertThat(at(json, "queues.0.num")).isEqualTo(256L);
    assertThat(at(json, "queues.0.posted_buffers")).isEqualTo(8L);
    assertThat(at(json, "queues.0.backend")).isNull();
    assertThat(at(json, "queues.0.worker.tid")).isEqualTo(4713L);
    assertThat(at(json, "queues.0.worker.comm")).isNull();
  }

  @Test
  void hostileNamesNeitherBreakNorLeaveTheString() {
    String name = "a\"b\\c\n\u001b[31m\u009b\u202e\ud800z\u00fc\ud83d\ude00";
    Findings findings =
        Samples.findings(
            List.of(Samples.healthy(1, 8, 9, "t\u0000\"", 0)),
            List.of(Samples.worker(9, 8, 1)),
            new Vmm(8, 1, "c", name, Optional.of("\udfff"), Optional.empty()));
    String text = JsonReport.of(findings);
    assertThat(text).matches(all -> all.chars().allMatch(c -> c == '\n' || (c >= ' ' && c < 127)));
    assertThat(text.getBytes(StandardCharsets.US_ASCII)).hasSize(text.length());
    Map<String, Object> json = ParsedJson.object(text);
    assertThat(at(json, "queues.0.vm")).isEqualTo(name.replace('\ud800', '\ufffd'));
    assertThat(at(json, "queues.0.vm_uuid")).isEqualTo("\ufffd");
    assertThat(at(json, "queues.0.tap")).isEqualTo("t\u0000\"");
  }

  @Test
  void anEmptyHostIsAWholeReport() {
    Map<String, Object> json =
        ParsedJson.object(JsonReport.of(Samples.findings(List.of(), List.of())));
    assertThat(json).containsEntry("verdict", "HEALTHY").containsEntry("queues", List.of());
  }

  @Test
  void exitCodesAreThoseOfMonitoringPlugins() {
    assertThat(Arrays.stream(Verdict.values()).mapToInt(ExitCode::of))
        .containsExactly(0, 0, 3, 1, 1, 2);
  }

  @Test
  void theSurroundingsAloneAreThoseOfTheReport() {
    Findings findings = Samples.findings();
    QueueVerdict verdict = findings.verdicts().get(0);
    Map<String, Object> report = ParsedJson.object(JsonReport.of(findings));
    String alone =
        SurroundingsJson.of(findings.around(verdict).orElseThrow(), verdict, findings.everyone());
    assertThat(ParsedJson.object(alone)).isEqualTo(at(report, "queues.0.surroundings"));
    assertThat(at(report, "queues.0.surroundings.other_vms.healthy")).isEqualTo(1L);
    assertThat(at(report, "queues.0.surroundings.cpu.waited_percent")).isEqualTo(43.0);
    assertThat(at(report, "queues.0.surroundings.vmm.waits_for_vhost")).isEqualTo(true);
    assertThat(at(report, "queues.0.surroundings.on_cpu.0.comm")).isEqualTo("stress\u001b[31m\n");
    assertThat(at(report, "queues.1.surroundings")).isNull();
  }
}
