package org.vhostwatch.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.vhostwatch.detect.Confidence;
import org.vhostwatch.detect.Criterion;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.Measurement;
import org.vhostwatch.probe.SpinCounters;
import org.vhostwatch.snapshot.CaptureTotals;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.ProbeStatus;
import org.vhostwatch.snapshot.QueueStatus;

/** A host with one livelocked queue and one healthy, with the numbers of a real one. */
public final class Samples {

  public static final String KERNEL = "6.18.15-amd64";
  public static final long WALL_MILLIS = 1_795_000_000_000L;
  public static final long VQ = 0xffff888104a3c000L;

  private Samples() {}

  public static Worker worker(int tid, int tgid, long cpuTicks) {
    return new Worker(
        tid, tgid, 4242, "vhost-" + tgid, Worker.Kind.VMM_THREAD, 'R', cpuTicks, 3, 0);
  }

  public static CensusQueue queue(long vq, int pid, int tid, String tap, int index, int waiting) {
    return new CensusQueue(
        vq,
        pid,
        21,
        pid,
        tid,
        256,
        2,
        65_530,
        65_530,
        17,
        0x130008000L,
        0,
        CensusQueue.Backend.TUN,
        waiting,
        waiting == 0 ? 0 : 0xffff888109990000L,
        waiting == 0 ? 0 : 60_366,
        tap,
        index);
  }

  public static SpinCounters spin(long vq, int tid, boolean indices) {
    return new SpinCounters(
        vq,
        tid,
        120_000,
        3,
        400_000_000,
        10_000_000_000L,
        20_000,
        14_000_000_000L,
        256,
        65_530,
        2,
        2,
        8,
        indices);
  }

  public static Evidence evidence(long vq, int tid) {
    return new Evidence(
        vq,
        tid,
        10_000_000_000L,
        14_000_000_000L,
        100_001,
        1,
        new TreeMap<>(Map.of(8L, 100_001L)),
        new TreeMap<>(Map.of(0L, 100_001L)),
        true,
        new TreeMap<>(Map.of(60_366L, 100_001L)),
        "vhost_net:vhost_net_buf_peek",
        new TreeMap<>(Map.of(0L, 100_001L, 1L, 100_001L, 256L, 100_001L)),
        "vhost:vhost_get_vq_desc_n",
        new TreeMap<>(Map.of(1L, 100_001L)),
        0,
        -1,
        390,
        List.of(new Evidence.Stack(196, List.of("vhost_get_vq_desc_n+0x12a", "handle_rx+0x2d1"))));
  }

  public static QueueVerdict livelocked(long vq, int pid, int tid, String tap, int index) {
    return new QueueVerdict(
        vq,
        tid,
        Verdict.LIVELOCKED,
        Confidence.HIGH,
        "the worker spins without delivering anything for 4.0 s; a packet of 60366 bytes waits",
        List.of(
            new Criterion("passes", Criterion.Outcome.MET, "25000 passes a second, 500 wanted"),
            new Criterion("signalled", Criterion.Outcome.NOT_MEASURABLE, "not probed")),
        10_000_000_000L,
        0.987654,
        3,
        120_000,
        4_400_000_000L,
        worker(tid, pid, 123_456),
        queue(vq, pid, tid, tap, index, 1),
        spin(vq, tid, true),
        evidence(vq, tid));
  }

  public static QueueVerdict healthy(long vq, int pid, int tid, String tap, int index) {
    return new QueueVerdict(
        vq,
        tid,
        Verdict.HEALTHY,
        Confidence.HIGH,
        "no spin, no stall",
        List.of(),
        0,
        0.01,
        0,
        0,
        0,
        worker(tid, pid, 77),
        queue(vq, pid, tid, tap, index, 0),
        null,
        null);
  }

  /** Returns what is said of a worker when neither census nor probes can be had. */
  public static QueueVerdict blind(Worker worker) {
    return new QueueVerdict(
        0,
        worker.tid(),
        Verdict.UNKNOWN,
        Confidence.LOW,
        "neither census nor probes: only the worker is known",
        List.of(),
        0,
        Double.NaN,
        0,
        0,
        0,
        worker,
        null,
        null,
        null);
  }

  public static Findings findings(List<QueueVerdict> verdicts, List<Worker> workers, Vmm... vmms) {
    return new Findings(
        Optional.of(
            new Event.Host(
                WALL_MILLIS,
                KERNEL,
                "0.23.5",
                true,
                List.of(
                    new Measurement("get_rx_ret", "it is inlined", Measurement.Quality.DERIVED)))),
        5.25,
        verdicts,
        workers,
        List.of(vmms),
        verdicts.isEmpty() ? 0 : 2,
        1,
        0,
        0,
        List.of());
  }

  public static Findings findings() {
    return findings(
        List.of(
            livelocked(VQ, 4711, 4713, "vnet3", 0), healthy(VQ + 0x10000, 5000, 5002, "vnet7", 1)),
        List.of(worker(4713, 4711, 123_456), worker(5002, 5000, 77)),
        new Vmm(4711, 99, "qemu-system-x86", "web01", Optional.of("0000-11")),
        new Vmm(5000, 99, "qemu-system-x86", "db02", Optional.empty()));
  }

  public static ProbeStatus probes(boolean up, List<String> troubles) {
    Map<String, Boolean> attached = new LinkedHashMap<>();
    attached.put("kprobe:vhost:vhost_discard_vq_desc", up);
    attached.put("kprobe:vhost:vhost_add_used_and_signal_n", false);
    return new ProbeStatus(
        "sentinel",
        "0.23.5",
        up,
        2,
        attached,
        Map.of("kprobe:vhost:vhost_discard_vq_desc", new ProbeStatus.Runs(120_000, 36_000_000)),
        5,
        7,
        up ? 11 : 0,
        1,
        3,
        up ? WALL_MILLIS - 20_000 : 0,
        troubles);
  }

  public static CaptureTotals totals() {
    return CaptureTotals.NONE.plus(evidence(VQ, 4713), 256);
  }

  public static HostSnapshot snapshot(List<QueueStatus> queues) {
    return new HostSnapshot(
        WALL_MILLIS,
        KERNEL,
        queues,
        List.of(
            new HostSnapshot.WorkerStatus("web01", worker(4713, 4711, 123_456)),
            new HostSnapshot.WorkerStatus("db02", worker(5002, 5000, 77))),
        probes(true, List.of()),
        totals());
  }

  public static HostSnapshot snapshot() {
    return snapshot(
        List.of(
            new QueueStatus(
                "web01", "vnet3", 0, livelocked(VQ, 4711, 4713, "vnet3", 0), WALL_MILLIS - 4_000),
            new QueueStatus("db02", "vnet7", 1, healthy(VQ + 0x10000, 5000, 5002, "vnet7", 1), 0)));
  }
}
