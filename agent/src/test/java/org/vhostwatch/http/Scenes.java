package org.vhostwatch.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.detect.Confidence;
import org.vhostwatch.detect.Criterion;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.Switch;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.probe.ReturnCounts;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.EpisodeTotals;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.OwnCost;
import org.vhostwatch.snapshot.QueueStatus;

/** Hosts as the status page may have to show them. */
final class Scenes {

  static final String HOSTILE = "<script>alert(1)</script>";

  private static final long MINUTE = 60_000;
  private static final OwnCost COST =
      new OwnCost(
          new OwnCost.Usage(12_340_000_000L, 60L << 20),
          new OwnCost.Usage(5_600_000_000L, 90L << 20),
          Switch.ON,
          false,
          0);

  private Scenes() {}

  /** Returns each by its name. */
  static Map<String, HostSnapshot> all() {
    Map<String, HostSnapshot> scenes = new LinkedHashMap<>();
    scenes.put("livelocked", livelocked());
    scenes.put("healthy", healthy());
    scenes.put("degraded", degraded());
    scenes.put("crowded", crowded(500, 14));
    scenes.put("hostile", hostile(HOSTILE));
    return scenes;
  }

  static HostSnapshot healthy() {
    return host(quiet(1, 6), IncidentTotals.NONE, true, List.of());
  }

  static HostSnapshot livelocked() {
    List<QueueStatus> queues = new ArrayList<>();
    queues.add(livelocked("web01", "vnet3", 252_000));
    queues.addAll(quiet(1, 8));
    return host(queues, incidents("web01", "vnet3"), true, List.of());
  }

  static HostSnapshot degraded() {
    List<QueueStatus> queues = new ArrayList<>();
    queues.add(
        status(
            "pid-4711", "", Samples.blind(Samples.worker(4713, 4711, 900)), 0, Optional.empty()));
    return host(
        queues,
        IncidentTotals.NONE,
        false,
        List.of(
            "bpftrace is not installed: install bpftrace 0.17 or newer (Debian: apt install"
                + " bpftrace)",
            "no /sys/kernel/btf: no census, taps are inferred from the files of the VMMs"));
  }

  static HostSnapshot crowded(int number, int troubled) {
    List<QueueStatus> queues = new ArrayList<>();
    for (int i = 0; i < troubled; i++) {
      queues.add(livelocked("tenant-" + i, "tap" + i, 10_000L * (i + 1)));
    }
    queues.addAll(quiet(troubled, number - troubled));
    return host(queues, incidents("tenant-1", "tap1"), true, List.of());
  }

  static HostSnapshot hostile(String name) {
    List<QueueStatus> queues = new ArrayList<>();
    queues.add(livelocked(name, name, 5_000));
    queues.addAll(quiet(1, 2));
    return host(queues, incidents(name, name), true, List.of(name));
  }

  private static List<QueueStatus> quiet(int from, int number) {
    List<QueueStatus> queues = new ArrayList<>();
    for (int i = from; i < from + number; i++) {
      queues.add(
          status(
              String.format("db%03d", i),
              "vnet" + (i + 10),
              Samples.healthy(0x1000 + i, 5000 + i, 6000 + i, "vnet" + (i + 10), i % 2),
              0,
              Optional.empty()));
    }
    return queues;
  }

  private static QueueStatus livelocked(String vm, String tap, long millis) {
    QueueVerdict sample = Samples.livelocked(Samples.VQ + tap.hashCode(), 4711, 4713, tap, 0);
    List<Criterion> criteria =
        List.of(
            met("passes", "passes go on: 10829 a second (at least 100)"),
            met("used", "the used index stands still at 0 for 18.1 s (at least 3.0)"),
            met("received", "nothing is received from the socket: 0 calls in 77294 passes"),
            met("peek", "one packet of 60366 bytes is at the head in every pass"),
            new Criterion(
                "stack", Criterion.Outcome.NOT_MEASURABLE, "the stack of the worker: not sampled"));
    return status(
        vm,
        tap,
        new QueueVerdict(
            sample.vq(),
            sample.tid(),
            Verdict.LIVELOCKED,
            Confidence.HIGH,
            sample.summary(),
            criteria,
            sample.since(),
            sample.cpuShare(),
            sample.episodes(),
            sample.passes(),
            sample.spunNanos(),
            sample.worker(),
            sample.queue(),
            sample.spin(),
            sample.evidence()),
        Samples.WALL_MILLIS - millis,
        Optional.of(new Vmm(4711, 99, "qemu", vm, Optional.of("0000-11"), Optional.empty())));
  }

  private static Criterion met(String id, String text) {
    return new Criterion(id, Criterion.Outcome.MET, text);
  }

  private static QueueStatus status(
      String vm, String tap, QueueVerdict verdict, long since, Optional<Vmm> vmm) {
    return new QueueStatus(
        vm, vmm, new TapPort(tap, 12, "br0", 4026531840L, 0, true), verdict, since);
  }

  private static IncidentTotals incidents(String vm, String tap) {
    long now = Samples.WALL_MILLIS;
    return new IncidentTotals(
        4,
        1,
        0,
        List.of(
            row("20261118T110224Z-0a1b2c3d", now - 4 * MINUTE, 0, "", 1, vm, tap),
            row(
                "20261118T075501Z-11aa22bb",
                now - 191 * MINUTE,
                23 * MINUTE,
                "refilled",
                2,
                vm,
                tap),
            row(
                "20261118T021500Z-99ff00ee",
                now - 531 * MINUTE,
                MINUTE / 3,
                "vm_ended",
                1,
                "db004",
                "vnet14"),
            row(
                "20261117T193000Z-5e6f7a8b",
                now - 936 * MINUTE,
                96 * MINUTE,
                "reset",
                1,
                vm,
                tap)));
  }

  private static IncidentTotals.Row row(
      String id, long from, long length, String how, int count, String vm, String tap) {
    return new IncidentTotals.Row(
        id, from, length == 0 ? 0 : from + length, how, count, vm, tap, 0);
  }

  private static HostSnapshot host(
      List<QueueStatus> queues, IncidentTotals incidents, boolean up, List<String> troubles) {
    List<HostSnapshot.WorkerStatus> workers =
        queues.stream()
            .map(
                queue ->
                    new HostSnapshot.WorkerStatus(
                        queue.vm(), Samples.worker(queue.verdict().tid(), 1, 1)))
            .toList();
    return new HostSnapshot(
        Samples.WALL_MILLIS,
        Samples.KERNEL,
        queues,
        workers,
        Samples.probes(up, troubles),
        ReturnCounts.NONE,
        EpisodeTotals.NONE,
        Samples.exposure(),
        incidents,
        COST,
        Map.of());
  }

  /** Returns the same host some seconds later. */
  static HostSnapshot later(HostSnapshot seen, long millis) {
    return new HostSnapshot(
        seen.wallMillis() + millis,
        seen.kernel(),
        seen.queues(),
        seen.workers(),
        seen.probes(),
        seen.totals(),
        seen.episodes(),
        seen.exposure(),
        seen.incidents(),
        seen.cost(),
        seen.waiting());
  }
}
