package org.vhostwatch.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.Confidence;
import org.vhostwatch.detect.Criterion;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.evidence.Event;
import org.vhostwatch.evidence.Findings;
import org.vhostwatch.exposure.Clue;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.HostExposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.exposure.QueueExposure;
import org.vhostwatch.exposure.QueueRater;
import org.vhostwatch.exposure.TapState;
import org.vhostwatch.exposure.Uplink;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.host.Switch;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.EpisodeLengths;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.Measurement;
import org.vhostwatch.probe.ProgramRuns;
import org.vhostwatch.probe.ReturnCounts;
import org.vhostwatch.probe.SpinCounters;
import org.vhostwatch.snapshot.EpisodeTotals;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.OwnCost;
import org.vhostwatch.snapshot.ProbeStatus;
import org.vhostwatch.snapshot.QueueStatus;
import org.vhostwatch.snapshot.UnexplainedStatus;

/** A host with one livelocked queue and one healthy, with the numbers of a real one. */
public final class Samples {

  public static final String KERNEL = "6.18.15-amd64";
  public static final long WALL_MILLIS = 1_795_000_000_000L;
  public static final long VQ = 0xffff888104a3c000L;

  private Samples() {}

  public static Worker worker(int tid, int tgid, long cpuTicks) {
    return new Worker(
        tid, tgid, 4242, "vhost-" + tgid, Worker.Kind.VMM_THREAD, 'R', cpuTicks, 0, 3, 0);
  }

  public static CensusQueue queue(long vq, int pid, int tid, String tap, int index, int waiting) {
    return queue(vq, pid, tid, tap, index, waiting, 2, 65_530, waiting == 0 ? 0 : 60_366);
  }

  /** A queue with so many buffers posted, and a packet of 1,500 bytes at its head. */
  public static CensusQueue queue(
      long vq, int pid, int tid, String tap, int index, int waiting, int posted) {
    return queue(vq, pid, tid, tap, index, waiting, posted, 0, 1_500);
  }

  /** A queue whose guest has not brought the interface up: a packet waits. */
  public static CensusQueue unused(long vq, int pid, int tid, String tap) {
    return queue(vq, pid, tid, tap, 0, 1, 0, 0, 90);
  }

  private static CensusQueue queue(
      long vq,
      int pid,
      int tid,
      String tap,
      int index,
      int waiting,
      int avail,
      int used,
      long bytes) {
    return new CensusQueue(
        vq,
        pid,
        21,
        pid,
        tid,
        256,
        avail,
        used,
        used,
        17,
        0x130008000L,
        0,
        CensusQueue.Backend.TUN,
        waiting,
        waiting == 0 ? 0 : 0xffff888109990000L,
        bytes,
        new TapPort(tap, 12, "br0", 4026531840L, index, true));
  }

  /** What is said of it. */
  public static QueueVerdict notBroughtUp(long vq, int pid, int tid, String tap, long since) {
    return verdict(vq, tid, Verdict.STALLED, since, unused(vq, pid, tid, tap));
  }

  /** The same as it is published. */
  public static QueueStatus notBroughtUp(String vm, String tap) {
    return new QueueStatus(
        vm,
        Optional.empty(),
        new TapPort(tap, 12, "br0", 4026531840L, 0, true),
        notBroughtUp(1, 5, 6, tap, 1),
        WALL_MILLIS - 4_000);
  }

  /** A verdict without a reason. */
  public static QueueVerdict verdict(
      long vq, int tid, Verdict verdict, long since, @Nullable CensusQueue queue) {
    return new QueueVerdict(
        vq,
        tid,
        verdict,
        Confidence.MEDIUM,
        "it is so",
        List.of(),
        since,
        0,
        0,
        0,
        0,
        null,
        queue,
        null,
        null);
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
        indices,
        new EpisodeLengths(4_000_000_000L, 4_400_000_000L, List.of(3L, 2L, 2L, 1L, 0L)));
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
                    new Measurement("get_rx_ret", "it is inlined", Measurement.Quality.DERIVED)),
                Optional.of(exposure()))),
        5.25,
        verdicts,
        workers,
        List.of(vmms),
        Map.of(),
        verdicts.isEmpty() ? 0 : 2,
        1,
        0,
        0,
        List.of(),
        Map.of(VQ, surroundings(VQ, "vnet3", 0, 812)),
        verdicts,
        List.of());
  }

  /** What goes on around a queue whose VMM hangs, with hostile names. */
  public static Surroundings surroundings(long vq, String tap, long moved, long dropped) {
    Surroundings.Runner other = new Surroundings.Runner(99, 98, "stress\u001b[31m\n", 430, 1, 50);
    return new Surroundings(
        vq,
        5_000_000_000L,
        Optional.of(new Surroundings.Scheduling(3, "0-3,8", 0, 0, 0, 560, 430)),
        Optional.of(
            new Surroundings.VmmState(
                4711,
                'D',
                9,
                0,
                Optional.of(false),
                1,
                List.of(
                    new Surroundings.Waiting(
                        4711,
                        "qemu\u202e",
                        "__vhost_worker_flush",
                        List.of("__vhost_worker_flush+0x8e/0x110 [vhost]", "vhost_dev_flush+0x1"))),
                Optional.of(new Surroundings.Runner(4720, 4711, "CPU 0/KVM", 20, 0, 0)))),
        List.of(other),
        false,
        Optional.of(new Surroundings.TapCounters(tap, 5, 1_200, moved, dropped, 0)),
        List.of("net of 4711: did not answer within 400 ms"));
  }

  public static Findings findings() {
    Findings findings =
        findings(
            List.of(
                livelocked(VQ, 4711, 4713, "vnet3", 0),
                healthy(VQ + 0x10000, 5000, 5002, "vnet7", 1)),
            List.of(worker(4713, 4711, 123_456), worker(5002, 5000, 77)),
            new Vmm(4711, 99, "qemu-system-x86", "web01", Optional.of("0000-11"), Optional.empty()),
            new Vmm(5000, 99, "qemu-system-x86", "db02", Optional.empty(), Optional.empty()));
    return findings.with(findings.verdicts(), List.of(unexplained(worker(5002, 5000, 77))));
  }

  public static ProbeStatus probes(boolean up, List<String> troubles) {
    Map<String, Boolean> attached = new LinkedHashMap<>();
    attached.put("vhost_discard_vq_desc", up);
    return new ProbeStatus(
        "sentinel",
        "0.23.5",
        up,
        2,
        attached,
        Map.of("vhost_discard_vq_desc", new ProgramRuns.Runs(120_000, 36_000_000)),
        5,
        7,
        up ? 11 : 0,
        1,
        3,
        up ? WALL_MILLIS - 20_000 : 0,
        troubles,
        Optional.empty());
  }

  public static KernelExposure exposure() {
    return new KernelExposure(
        Exposure.AFFECTED,
        "Linux 6.18.15 is affected: from 5.18 on, and in 6.18.y before 6.18.40",
        "6.18.15",
        List.of(
            new Clue(
                Clue.Source.VERSION,
                Exposure.AFFECTED,
                true,
                "Linux 6.18.15 is affected: from 5.18 on, and in 6.18.y before 6.18.40")));
  }

  /** The kernel of {@link #exposure} with one queue that can be hit and one that cannot. */
  public static HostExposure hostExposure() {
    List<Uplink> uplinks = List.of(new Uplink("eth0", "physical", Uplink.State.ON));
    return new HostExposure(
        WALL_MILLIS,
        KERNEL,
        exposure(),
        List.of(
            queueExposure(
                livelocked(VQ, 4711, 4713, "vnet3", 0),
                "web01",
                new TapState(
                    List.of("tx-tcp-segmentation", "tx-tcp6-segmentation"), "", 1500, uplinks, "")),
            queueExposure(
                healthy(VQ + 0x10000, 5000, 5002, "vnet7", 1),
                "db02",
                new TapState(List.of(), "", 1500, uplinks, ""))),
        true,
        List.of());
  }

  private static QueueExposure queueExposure(QueueVerdict verdict, String vm, TapState tap) {
    CensusQueue queue = Objects.requireNonNull(verdict.queue());
    return QueueRater.rate(
        Optional.of(queue),
        queue.port(),
        Optional.of(new Vmm(queue.process(), 99, "qemu", vm, Optional.empty(), Optional.empty())),
        tap);
  }

  public static ReturnCounts totals() {
    return ReturnCounts.of(evidence(VQ, 4713), 256);
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
        totals(),
        new EpisodeTotals(2, 400_000_000L, List.of(0L, 1L, 1L, 2L, 2L)),
        exposure(),
        incidents(),
        new OwnCost(
            new OwnCost.Usage(12_340_000_000L, 60L << 20),
            new OwnCost.Usage(5_600_000_000L, 90L << 20),
            Switch.ON,
            true,
            2),
        Map.of());
  }

  /** Returns a host on which vhost_net is not loaded. */
  public static HostSnapshot idle(List<String> troubles) {
    ProbeStatus seen = probes(false, troubles);
    return new HostSnapshot(
        WALL_MILLIS,
        KERNEL,
        List.of(),
        List.of(),
        new ProbeStatus(
            seen.mode(),
            seen.bpftrace(),
            false,
            0,
            seen.attached(),
            Map.of(),
            0,
            0,
            0,
            0,
            0,
            0,
            troubles,
            Optional.of("the module vhost_net is not loaded")),
        ReturnCounts.NONE,
        EpisodeTotals.NONE,
        exposure(),
        IncidentTotals.NONE,
        OwnCost.NONE,
        Map.of());
  }

  /** A worker of a process that has a vhost_vsock device too, in a storm of kicks. */
  public static UnexplainedWorker unexplained(Worker worker) {
    return new UnexplainedWorker(
        worker,
        1_000_000_000L,
        96_000_000_000L,
        0.95,
        0.04,
        1,
        50,
        List.of(
            new Evidence.Stack(30, List.of("mutex_lock+18", "handle_tx_kick+9")),
            new Evidence.Stack(10, List.of("__schedule+46", "vhost_run_work_list+72"))));
  }

  public static UnexplainedStatus unexplained(String vm, Worker worker) {
    return new UnexplainedStatus(
        vm,
        Optional.empty(),
        List.of("vhost-net", "vhost-vsock"),
        unexplained(worker),
        WALL_MILLIS - 100_000);
  }

  public static IncidentTotals incidents() {
    return new IncidentTotals(
        3,
        1,
        2,
        List.of(
            new IncidentTotals.Row(
                "20261123T140640Z-0a1b2c3d", WALL_MILLIS, 0, "", 1, "web01", "vnet3", 0)));
  }

  public static HostSnapshot snapshot() {
    return snapshot(
        List.of(
            new QueueStatus(
                "web01",
                Optional.empty(),
                new TapPort("vnet3", 12, "br0", 4026531840L, 0, true),
                livelocked(VQ, 4711, 4713, "vnet3", 0),
                WALL_MILLIS - 4_000),
            new QueueStatus(
                "db02",
                Optional.empty(),
                new TapPort("vnet7", 12, "br0", 4026531840L, 1, true),
                healthy(VQ + 0x10000, 5000, 5002, "vnet7", 1),
                0)));
  }

  /** The same, and a worker of the other VM spins for a cause that is not known. */
  public static HostSnapshot unexplainedSnapshot() {
    return snapshot().withUnexplained(List.of(unexplained("db02", worker(5002, 5000, 77))));
  }
}
