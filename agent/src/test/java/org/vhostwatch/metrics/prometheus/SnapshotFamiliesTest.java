package org.vhostwatch.metrics.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.probe.ReturnCounts;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.EpisodeTotals;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.HostSnapshot.WorkerStatus;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.OwnCost;
import org.vhostwatch.snapshot.ProbeStatus;
import org.vhostwatch.snapshot.QueueStatus;

class SnapshotFamiliesTest {

  private static final ProbeStatus NO_PROBES =
      new ProbeStatus(
          "sentinel",
          "",
          false,
          0,
          Map.of(),
          Map.of(),
          0,
          0,
          0,
          0,
          0,
          0,
          List.of("no bpftrace"),
          Optional.empty());

  @Test
  void anEmptyHostHasZerosWhereLabelsAreFixed() {
    assertThat(lines(Scrapes.of(host(List.of(), List.of()))))
        .contains(
            "vhostwatch_workers 0.0",
            "vhostwatch_bpftrace_up 0.0",
            "vhostwatch_get_rx_bufs_returns_total{result=\"zero\",} 0.0",
            "vhostwatch_desc_returns_total{result=\"error\",} 0.0",
            "vhostwatch_peek_length_bytes_bucket{le=\"+Inf\",} 0.0",
            "vhostwatch_censuses_total 0.0",
            "vhostwatch_ceiling_exceeded 0.0",
            "vhostwatch_ceiling_hits_total 0.0")
        .noneMatch(line -> line.startsWith("vhostwatch_queue_"));
  }

  /** Who adds a bound to one of them must not forget the other. */
  @Test
  void theScriptRoundsLengthsUpToTheBoundsOfTheMetric() throws IOException {
    String script = Files.readString(Path.of("../bpf-scripts/histograms.bt"));
    List<Long> bounds =
        Pattern.compile("\\$length <= (\\d+)\\) \\{ \\$bound = \\1; \\}")
            .matcher(script)
            .results()
            .map(found -> Long.valueOf(found.group(1)))
            .sorted()
            .toList();
    assertThat(bounds).containsExactlyElementsOf(Arrays.stream(Family.LENGTHS).boxed().toList());
  }

  @Test
  void whatWasNotMeasuredIsAbsent() {
    assertThat(lines(Scrapes.of(host(List.of(), List.of()))))
        .noneMatch(
            line ->
                line.startsWith("vhostwatch_cpu_")
                    || line.startsWith("vhostwatch_resident_")
                    || line.startsWith("vhostwatch_bpf_stats_")
                    || line.startsWith("vhostwatch_probe_run"));
  }

  @Test
  void queuesWithTheSameLabelsShareASeriesOfTheWorst() {
    QueueStatus healthy =
        new QueueStatus(
            "web01",
            Optional.empty(),
            new TapPort("vnet3", 12, "br0", 4026531840L, 0, true),
            Samples.healthy(2, 9, 10, "vnet3", 0),
            0);
    QueueStatus locked =
        new QueueStatus(
            "web01",
            Optional.empty(),
            new TapPort("vnet3", 12, "br0", 4026531840L, 0, true),
            Samples.livelocked(1, 7, 8, "vnet3", 0),
            5_000);
    QueueStatus earlier =
        new QueueStatus(
            "web01",
            Optional.empty(),
            new TapPort("vnet3", 12, "br0", 4026531840L, 0, true),
            Samples.livelocked(3, 7, 8, "vnet3", 0),
            4_000);
    List<String> lines = lines(Scrapes.of(host(List.of(healthy, locked, earlier), List.of())));
    String labels = "{vm=\"web01\",tap=\"vnet3\",queue=\"0\",} ";
    assertThat(lines)
        .contains(
            "vhostwatch_queue_livelocked" + labels + "1.0",
            "vhostwatch_queue_livelock_start_timestamp_seconds" + labels + "4.0",
            "vhostwatch_queue_head_packet_bytes" + labels + "60366.0",
            "vhostwatch_queue_spin_passes_total" + labels + "240000.0")
        .doesNotHaveDuplicates();
  }

  @Test
  void aWorkerWithoutAKnownQueueIsNoQueue() {
    QueueStatus blind =
        new QueueStatus(
            "web01",
            Optional.empty(),
            new TapPort("", 12, "br0", 4026531840L, 0, true),
            Samples.blind(Samples.worker(8, 7, 1)),
            0);
    assertThat(lines(Scrapes.of(host(List.of(blind), List.of()))))
        .noneMatch(line -> line.startsWith("vhostwatch_queue_"));
  }

  @Test
  void aVmWaitsForVhostIfOneOfItsProcessesDoes() {
    List<QueueStatus> queues = List.of(queueOf("web01", 7), queueOf("web01", 8), queueOf("db", 9));
    assertThat(lines(Scrapes.of(host(queues, List.of(), Map.of(8, "web01", 10, "killed")))))
        .filteredOn(line -> line.startsWith("vhostwatch_vmm_"))
        .containsExactlyInAnyOrder(
            "vhostwatch_vmm_waits_for_vhost{vm=\"web01\",} 1.0",
            "vhostwatch_vmm_waits_for_vhost{vm=\"db\",} 0.0",
            "vhostwatch_vmm_waits_for_vhost{vm=\"killed\",} 1.0");
  }

  @Test
  void aTroubleMakesItDegraded() {
    assertThat(lines(Scrapes.of(host(List.of(), List.of())))).contains("vhostwatch_degraded 1.0");
    assertThat(lines(Scrapes.of(Samples.snapshot()))).contains("vhostwatch_degraded 0.0");
  }

  @Test
  void workersOfOneVmAreToldApartByTid() {
    List<WorkerStatus> workers =
        List.of(
            new WorkerStatus("web01", Samples.worker(8, 7, 150)),
            new WorkerStatus("web01", Samples.worker(9, 7, 250)),
            new WorkerStatus("db02", Samples.worker(12, 11, 350)));
    assertThat(lines(Scrapes.of(host(List.of(), workers))))
        .contains(
            "vhostwatch_worker_cpu_seconds_total{vm=\"web01\",worker=\"8\",} 1.5",
            "vhostwatch_worker_cpu_seconds_total{vm=\"web01\",worker=\"9\",} 2.5",
            "vhostwatch_worker_cpu_seconds_total{vm=\"db02\",worker=\"vhost-11\",} 3.5");
  }

  @Test
  void hostileNamesStayInTheirLabel() {
    String label = "{vm=\"a\\nb\\\"c\\\\d\ufffde\ufffd\u00fc\",tap=\"\",queue=\"0\",} 0.0";
    String scrape = scrapeOf("a\nb\"c\\d\ud800e\u0000\u00fc");
    assertThat(lines(scrape)).contains("vhostwatch_queue_livelocked" + label);
  }

  @Test
  void longNamesAreCutButNeverThroughACharacter() {
    assertThat(LabelText.of("x".repeat(300))).hasSize(256);
    assertThat(LabelText.of("x".repeat(255) + "\ud83d\ude00")).isEqualTo("x".repeat(255));
    assertThat(LabelText.of("")).isEmpty();
  }

  @Test
  void namesThatAreEqualOnceCutShareASeries() {
    List<QueueStatus> queues = new ArrayList<>();
    for (String end : List.of("1", "2")) {
      queues.add(
          new QueueStatus(
              "x".repeat(256) + end,
              Optional.empty(),
              new TapPort("t", 12, "br0", 4026531840L, 0, true),
              Samples.healthy(Long.parseLong(end), 1, 2, "t", 0),
              0));
    }
    assertThat(lines(Scrapes.of(host(queues, List.of()))))
        .doesNotHaveDuplicates()
        .filteredOn(line -> line.startsWith("vhostwatch_queue_livelocked{"))
        .hasSize(1);
  }

  @Test
  void twoThousandQueuesAreScrapedInOneGo() {
    List<QueueStatus> queues = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      queues.add(
          new QueueStatus(
              "vm" + i,
              Optional.empty(),
              new TapPort("vnet" + i, 12, "br0", 4026531840L, 0, true),
              Samples.livelocked(i + 1, i, i, "vnet" + i, 0),
              1));
    }
    HostSnapshot host = host(queues, List.of());
    assertThat(lines(Scrapes.of(host)))
        .filteredOn(line -> line.startsWith("vhostwatch_queue_livelocked{"))
        .hasSize(2_000);
  }

  private static String scrapeOf(String vm) {
    QueueStatus status =
        new QueueStatus(
            vm,
            Optional.empty(),
            new TapPort("", 12, "br0", 4026531840L, 0, true),
            Samples.healthy(1, 8, 9, "", 0),
            0);
    return Scrapes.of(host(List.of(status), List.of()));
  }

  private static QueueStatus queueOf(String vm, int pid) {
    return new QueueStatus(
        vm,
        Optional.of(new Vmm(pid, 99, "qemu", vm, Optional.empty(), Optional.empty())),
        new TapPort("vnet" + pid, 12, "br0", 4026531840L, 0, true),
        Samples.healthy(pid, pid, pid + 100, "vnet" + pid, 0),
        0);
  }

  private static HostSnapshot host(List<QueueStatus> queues, List<WorkerStatus> workers) {
    return host(queues, workers, Map.of());
  }

  private static HostSnapshot host(
      List<QueueStatus> queues, List<WorkerStatus> workers, Map<Integer, String> waiting) {
    return new HostSnapshot(
        Samples.WALL_MILLIS,
        Samples.KERNEL,
        queues,
        workers,
        NO_PROBES,
        ReturnCounts.NONE,
        EpisodeTotals.NONE,
        Samples.exposure(),
        IncidentTotals.NONE,
        OwnCost.NONE,
        waiting);
  }

  private static List<String> lines(String text) {
    return text.lines().filter(line -> !line.startsWith("#")).toList();
  }
}
