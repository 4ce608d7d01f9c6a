package org.vhostwatch.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vhostwatch.report.ParsedJson.at;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;

class ThreadsReportTest {

  private static final Worker KTHREAD =
      new Worker(900, 900, 1, "vhost-800", Worker.Kind.KTHREAD, 'S', 5, 0, 0, 0);

  @Test
  void oneRowAQueueInAlignedColumns() {
    assertThat(ThreadsReport.text(Samples.findings()))
        .isEqualTo(
            """
            VM      PID   TID  CPU%  STATE  TAP    QUEUE  BRIDGE  NUM  AVAIL  LAST_AVAIL  LAST_USED  POSTED   HEAD  IDENTITY
            db02   5000  5002     1  R      vnet7      1  br0     256      2       65530      65530       8      -  exact
            web01  4711  4713    99  R      vnet3      0  br0     256      2       65530      65530       8  60366  exact
            kernel 6.18.15-amd64
            """);
  }

  @Test
  void aWorkerWithoutAQueueHasARowOfDashes() {
    Findings findings =
        Samples.findings(
            List.of(Samples.healthy(Samples.VQ, 5000, 5002, "vnet7", 1)),
            List.of(Samples.worker(5002, 5000, 77), KTHREAD),
            new Vmm(800, 1, "qemu", "web01", Optional.empty(), Optional.empty()));
    assertThat(ThreadsReport.text(findings).lines().filter(line -> line.startsWith("web01")))
        .singleElement()
        .asString()
        .matches("web01 +800 +900 +- +S +-( +-){8} +inferred");
    Map<String, Object> json = ParsedJson.object(ThreadsReport.json(findings));
    assertThat(at(json, "threads.1.identity")).isEqualTo("inferred");
    assertThat(at(json, "threads.1.vm_pid")).isEqualTo(800L);
    assertThat(at(json, "threads.1.num")).isNull();
  }

  @Test
  void anEmptyHostSaysSo() {
    assertThat(ThreadsReport.text(Samples.findings(List.of(), List.of())))
        .startsWith("no vhost worker and no vhost_net queue on this host\n");
  }

  @Test
  void withoutACensusItSaysThatOwnersAreInferred() {
    assertThat(ThreadsReport.text(Samples.findings(List.of(), List.of(KTHREAD))))
        .contains("inferred", "no census");
  }

  @Test
  void hostileNamesKeepToTheirCell() {
    Findings findings =
        Samples.findings(
            List.of(Samples.healthy(Samples.VQ, 5000, 5002, "\u001b[2J", 1)),
            List.of(),
            new Vmm(
                5000,
                1,
                "qemu",
                "a\nb\u202e" + "x".repeat(250),
                Optional.empty(),
                Optional.empty()));
    String text = ThreadsReport.text(findings);
    assertThat(text.lines()).hasSize(3);
    assertThat(text).contains("a\\u{a}b\\u{202e}xxx", "\\u{1b}[2J").doesNotContain("\u001b");
  }
}
