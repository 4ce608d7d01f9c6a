package org.vhostwatch.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.probe.ReturnCounts;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.EpisodeTotals;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.OwnCost;
import org.vhostwatch.snapshot.QueueStatus;

class StatusPageTest {

  @Test
  void saysInWordsWhatIsWrongAndWhere() {
    assertThat(StatusPage.of(Samples.snapshot()))
        .contains("1 queue livelocked", "<td>web01</td><td>vnet3</td><td>0</td><td>4713</td>")
        .contains("2026-11-18T11:06:36Z", "a packet of 60366 bytes waits")
        .doesNotContain("db02");
  }

  @Test
  void aHealthyHostHasNoTableOfTroubles() {
    HostSnapshot healthy =
        Samples.snapshot(
            List.of(
                new QueueStatus(
                    "db02",
                    Optional.empty(),
                    new TapPort("t", 12, "br0", 4026531840L, 0, true),
                    Samples.healthy(1, 5, 6, "t", 0),
                    0)));
    assertThat(StatusPage.of(healthy))
        .contains("Nothing wrong", "attached")
        .doesNotContain("Queues in trouble");
  }

  @Test
  void aBlindDaemonDoesNotSayThatNothingIsWrong() {
    HostSnapshot blind =
        new HostSnapshot(
            Samples.WALL_MILLIS,
            Samples.KERNEL,
            List.of(),
            List.of(),
            Samples.probes(false, List.of("bpftrace is not installed")),
            ReturnCounts.NONE,
            EpisodeTotals.NONE,
            Samples.exposure(),
            IncidentTotals.NONE,
            OwnCost.NONE);
    assertThat(StatusPage.of(blind))
        .contains("Unknown:", "bpftrace is not installed", "last never")
        .doesNotContain("Nothing wrong");
  }

  @Test
  void saysWhatWatchingCosts() {
    assertThat(StatusPage.of(Samples.snapshot()))
        .contains("agent 12.3 s of CPU, 60 MiB; bpftrace 5.6 s of CPU, 90 MiB");
  }

  @Test
  void recentIncidentsAreListed() {
    assertThat(StatusPage.of(Samples.snapshot()))
        .contains("Recent incidents", "<td>20261123T140640Z-0a1b2c3d</td>", "/api/v1/incidents");
  }

  @Test
  void withoutIncidentsThereIsNoTableOfThem() {
    assertThat(StatusPage.of(Samples.snapshot().with(IncidentTotals.NONE)))
        .doesNotContain("Recent incidents");
  }

  @Test
  void hostileNamesAreText() {
    String name = "<img src=x onerror='a'>&\"\u202e\n";
    String page =
        StatusPage.of(
            Samples.snapshot(
                List.of(
                    new QueueStatus(
                        name,
                        Optional.empty(),
                        new TapPort(name, 12, "br0", 4026531840L, 0, true),
                        Samples.livelocked(1, 5, 6, name, 0),
                        1_000))));
    assertThat(page)
        .contains("&lt;img src=x onerror=&#39;a&#39;&gt;&amp;&quot;\\u{202e}\\u{a}")
        .doesNotContain("<img", "\u202e");
  }

  @Test
  void thousandsOfTroublesAreCutWithAWord() {
    List<QueueStatus> queues = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      queues.add(
          new QueueStatus(
              "vm" + i,
              Optional.empty(),
              new TapPort("t", 12, "br0", 4026531840L, 0, true),
              Samples.livelocked(i + 1, 5, 6, "t", 0),
              1_000));
    }
    assertThat(StatusPage.of(Samples.snapshot(queues)))
        .contains("1000 queues livelocked", "800 more are not shown");
  }

  @Test
  void aWorkerThatIsBusyForAnUnknownCauseIsNamed() {
    HostSnapshot host =
        Samples.snapshot()
            .withUnexplained(
                List.of(Samples.unexplained("<b>web", Samples.worker(5002, 5000, 77))));
    assertThat(StatusPage.of(host))
        .contains("VM &lt;b&gt;web, worker 5002: uses 95 % of a CPU", "in handle_tx_kick");
  }
}
