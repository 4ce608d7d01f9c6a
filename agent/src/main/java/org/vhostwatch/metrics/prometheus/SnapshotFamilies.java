package org.vhostwatch.metrics.prometheus;

import io.prometheus.client.Collector.MetricFamilySamples;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.host.Switch;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Mode;
import org.vhostwatch.probe.ReturnCounts;
import org.vhostwatch.snapshot.EpisodeTotals;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.HostSnapshot.WorkerStatus;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.OwnCost;
import org.vhostwatch.snapshot.ProbeStatus;
import org.vhostwatch.snapshot.QueueStatus;
import org.vhostwatch.snapshot.UnexplainedStatus;

/**
 * The metrics about the host, made anew of the present {@link HostSnapshot} at each scrape: a VM
 * that is gone has no series, and no code has to remove any. Of metrics that each queue has, the
 * samples are made when they are asked for, so that those of one are garbage before the next are
 * made.
 */
final class SnapshotFamilies {

  private static final double MILLIS = 1e3;
  private static final double NANOS = 1e9;

  /** The value of a queue's sample; NaN if it has none. */
  private static final Map<Metric, ToDoubleFunction<QueueSeries>> OF_QUEUES =
      new EnumMap<>(
          Map.ofEntries(
              Map.entry(Metric.QUEUE_LIVELOCKED, is(Verdict.LIVELOCKED)),
              Map.entry(Metric.QUEUE_SPINNING, is(Verdict.SPINNING)),
              Map.entry(Metric.QUEUE_STALLED, is(Verdict.STALLED)),
              Map.entry(Metric.QUEUE_SPIN_LONGEST_SECONDS, queue -> queue.longestNanos() / NANOS),
              Map.entry(Metric.QUEUE_SPIN_SECONDS, queue -> queue.spunNanos() / NANOS),
              Map.entry(Metric.QUEUE_SPIN_EPISODES, queue -> (double) queue.episodes()),
              Map.entry(Metric.QUEUE_SPIN_PASSES, queue -> (double) queue.passes()),
              Map.entry(
                  Metric.QUEUE_LIVELOCK_START_TIMESTAMP_SECONDS,
                  queue ->
                      queue.livelockMillis() == 0 ? Double.NaN : queue.livelockMillis() / MILLIS),
              Map.entry(Metric.QUEUE_POSTED_BUFFERS, counted(CensusQueue::postedBuffers)),
              Map.entry(
                  Metric.QUEUE_UNUSED,
                  queue ->
                      queue.census() != null
                              && queue.census().unused()
                              && queue.worst() == Verdict.STALLED
                          ? 1
                          : Double.NaN),
              Map.entry(Metric.QUEUE_RING_BUFFERS, counted(CensusQueue::num)),
              Map.entry(
                  Metric.QUEUE_HEAD_PACKET_BYTES,
                  counted(census -> census.packetWaits() ? census.headBytes() : 0))));

  private SnapshotFamilies() {}

  /** Of what is not known neither yes nor no is said. */
  private static ToDoubleFunction<QueueSeries> is(Verdict verdict) {
    return queue -> queue.worst() == Verdict.UNKNOWN ? Double.NaN : is(queue.worst() == verdict);
  }

  private static ToDoubleFunction<QueueSeries> counted(ToDoubleFunction<CensusQueue> value) {
    return queue -> {
      CensusQueue census = queue.census();
      return census == null ? Double.NaN : value.applyAsDouble(census);
    };
  }

  /**
   * Returns what makes each family of one scrape, by its name.
   *
   * @param version of this program
   */
  static SortedMap<String, Supplier<MetricFamilySamples>> of(
      HostSnapshot snapshot, String version) {
    Map<Metric, Family> families = new EnumMap<>(Metric.class);
    for (Metric metric : Metric.values()) {
      families.put(metric, new Family(metric));
    }
    Scrape scrape = new Scrape(families);
    scrape.vmms(snapshot);
    scrape.workers(snapshot.workers(), snapshot.unexplained());
    scrape.episodes(snapshot.episodes());
    scrape.captures(snapshot.totals());
    scrape.incidents(snapshot.incidents());
    scrape.probes(snapshot.probes());
    scrape.cost(snapshot.cost());
    scrape
        .add(Metric.SNAPSHOT_TIMESTAMP_SECONDS, snapshot.wallMillis() / MILLIS)
        .add(
            Metric.KERNEL,
            1,
            LabelText.of(snapshot.kernel()),
            LabelText.of(snapshot.exposure().upstream()))
        .add(Metric.BUILD, 1, LabelText.of(version));
    scrape.exposure(snapshot.exposure().status());
    Collection<QueueSeries> queues = QueueSeries.of(snapshot.queues());
    SortedMap<String, Supplier<MetricFamilySamples>> made = new TreeMap<>();
    families.forEach(
        (metric, family) -> {
          ToDoubleFunction<QueueSeries> value = OF_QUEUES.get(metric);
          made.put(
              metric.family(),
              value == null ? family::samples : () -> samples(metric, queues, value));
        });
    return made;
  }

  private static MetricFamilySamples samples(
      Metric metric, Collection<QueueSeries> queues, ToDoubleFunction<QueueSeries> value) {
    Family family = new Family(metric);
    for (QueueSeries queue : queues) {
      double sample = value.applyAsDouble(queue);
      if (!Double.isNaN(sample)) {
        family.add(sample, queue.labels());
      }
    }
    return family.samples();
  }

  private static long is(boolean so) {
    return so ? 1 : 0;
  }

  /** The families of one scrape while they fill. */
  private record Scrape(Map<Metric, Family> families) {

    Scrape add(Metric metric, double value, String... labelValues) {
      family(metric).add(value, List.of(labelValues));
      return this;
    }

    Scrape add(Metric metric, long value, String... labelValues) {
      return add(metric, (double) value, labelValues);
    }

    private Family family(Metric metric) {
      return Objects.requireNonNull(families.get(metric));
    }

    /** Processes whose VMs have one name share a series. */
    void vmms(HostSnapshot snapshot) {
      Map<String, Boolean> waits = new LinkedHashMap<>();
      for (QueueStatus queue : snapshot.queues()) {
        waits.merge(LabelText.of(queue.vm()), snapshot.waits(queue), Boolean::logicalOr);
      }
      // One that was killed has closed its files, and with them its queues, before it waits.
      snapshot.waiting().values().forEach(vm -> waits.put(LabelText.of(vm), true));
      waits.forEach((vm, so) -> add(Metric.VMM_WAITS_FOR_VHOST, is(so), vm));
    }

    /** A worker is named by its comm; VMMs give all their workers the same, then by its tid. */
    void workers(List<WorkerStatus> workers, List<UnexplainedStatus> unexplained) {
      add(Metric.WORKERS, workers.size());
      add(Metric.WORKERS_UNEXPLAINED, unexplained.size());
      Map<Integer, Long> since = new HashMap<>();
      unexplained.forEach(
          status -> since.put(status.found().worker().tid(), status.sinceWallMillis()));
      record Name(String vm, String worker) {}
      Map<Name, Integer> named = new HashMap<>();
      for (WorkerStatus status : workers) {
        Name name = new Name(LabelText.of(status.vm()), LabelText.of(status.worker().comm()));
        named.merge(name, 1, Integer::sum);
      }
      Set<Name> exported = new HashSet<>();
      for (WorkerStatus status : workers) {
        Worker worker = status.worker();
        Name name = new Name(LabelText.of(status.vm()), LabelText.of(worker.comm()));
        if (named.getOrDefault(name, 0) > 1) {
          name = new Name(name.vm(), String.valueOf(worker.tid()));
        }
        if (exported.add(name)) {
          add(
              Metric.WORKER_CPU_SECONDS,
              (double) worker.cpuTicks() / Worker.TICKS_PER_SECOND,
              name.vm(),
              name.worker());
          Long start = since.get(worker.tid());
          if (start != null) {
            add(
                Metric.WORKER_UNEXPLAINED_START_TIMESTAMP_SECONDS,
                start / MILLIS,
                name.vm(),
                name.worker());
          }
        }
      }
    }

    void captures(ReturnCounts totals) {
      add(Metric.GET_RX_BUFS_RETURNS, totals.getRxBufsZero(), "zero");
      add(Metric.GET_RX_BUFS_RETURNS, totals.getRxBufsPositive(), "positive");
      add(Metric.GET_RX_BUFS_RETURNS, totals.getRxBufsError(), "error");
      add(Metric.DESC_RETURNS, totals.descriptorHeads(), "head");
      add(Metric.DESC_RETURNS, totals.descriptorEmpty(), "empty");
      add(Metric.DESC_RETURNS, totals.descriptorErrors(), "error");
      family(Metric.PEEK_LENGTH_BYTES).lengths(totals.peekLengths(), totals.peekBytes());
    }

    void episodes(EpisodeTotals episodes) {
      family(Metric.SPIN_EPISODE_SECONDS).episodes(episodes);
    }

    void incidents(IncidentTotals incidents) {
      add(Metric.INCIDENTS, incidents.opened());
      add(Metric.INCIDENTS_OPEN, incidents.open());
      add(Metric.INCIDENT_WRITE_FAILURES, incidents.writeFailures());
    }

    void probes(ProbeStatus probes) {
      probes
          .attached()
          .forEach((probe, on) -> add(Metric.PROBE_ATTACHED, is(on), LabelText.of(probe)));
      probes
          .runs()
          .forEach(
              (probe, runs) -> {
                add(Metric.PROBE_RUNS, runs.count(), LabelText.of(probe));
                add(Metric.PROBE_RUN_SECONDS, runs.nanos() / NANOS, LabelText.of(probe));
              });
      for (Mode mode : Mode.values()) {
        add(Metric.PROBE_MODE, is(mode.word().equals(probes.mode())), mode.word());
      }
      add(Metric.DEGRADED, is(probes.degraded()));
      add(Metric.BPFTRACE_UP, is(probes.up()));
      add(Metric.BPFTRACE_RESTARTS, probes.restarts());
      add(Metric.BPFTRACE_LINES_REJECTED, probes.rejectedLines());
      add(Metric.BPFTRACE_LOST_EVENTS, probes.lostEvents());
      add(Metric.CENSUSES, probes.censuses());
      add(Metric.CENSUS_FAILURES, probes.censusFailures());
      add(Metric.CENSUS_LAST_TIMESTAMP_SECONDS, probes.lastCensusWallMillis() / MILLIS);
      add(Metric.CAPTURES, probes.captures());
    }

    void cost(OwnCost cost) {
      if (cost.bpfStats() != Switch.UNKNOWN) {
        add(Metric.BPF_STATS_ENABLED, is(cost.bpfStats() == Switch.ON));
      }
      if (!cost.equals(OwnCost.NONE)) {
        usage(cost.agent(), "agent");
        usage(cost.children(), "bpftrace");
      }
      add(Metric.CEILING_EXCEEDED, is(cost.over()));
      add(Metric.CEILING_HITS, cost.hits());
    }

    private void usage(OwnCost.Usage usage, String process) {
      add(Metric.CPU_SECONDS, usage.cpuNanos() / NANOS, process);
      add(Metric.RESIDENT_MEMORY_BYTES, usage.residentBytes(), process);
    }

    void exposure(Exposure known) {
      for (Exposure status : Exposure.values()) {
        add(Metric.KERNEL_EXPOSURE, is(status == known), status.label());
      }
    }
  }
}
