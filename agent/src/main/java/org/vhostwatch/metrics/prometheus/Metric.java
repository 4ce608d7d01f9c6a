package org.vhostwatch.metrics.prometheus;

import io.prometheus.client.Collector;
import java.util.List;
import java.util.Locale;

/**
 * Every metric about the host: its name without prefix and type suffix, unit, type, meaning and
 * labels. docs/metrics.md has the same list with samples.
 */
enum Metric {
  QUEUE_LIVELOCKED(
      Collector.Type.GAUGE, "", "1 while the queue's worker spins for ever.", Labels.QUEUE),
  QUEUE_SPINNING(
      Collector.Type.GAUGE,
      "",
      "1 while the queue's worker spins, not yet or not for ever.",
      Labels.QUEUE),
  QUEUE_STALLED(
      Collector.Type.GAUGE,
      "",
      "1 while a packet waits, nothing moves and the worker sleeps.",
      Labels.QUEUE),
  QUEUE_SPIN_SECONDS(Collector.Type.COUNTER, "seconds", "Time spent spinning.", Labels.QUEUE),
  QUEUE_SPIN_LONGEST_SECONDS(
      Collector.Type.GAUGE, "seconds", "Length of the longest spin so far.", Labels.QUEUE),
  QUEUE_SPIN_EPISODES(
      Collector.Type.COUNTER, "", "Spins begun, near misses included.", Labels.QUEUE),
  QUEUE_SPIN_PASSES(
      Collector.Type.COUNTER,
      "",
      "Passes that fetched too few buffers and gave them back.",
      Labels.QUEUE),
  QUEUE_LIVELOCK_START_TIMESTAMP_SECONDS(
      Collector.Type.GAUGE,
      "seconds",
      "When the present livelock began, since 1970. Absent without one.",
      Labels.QUEUE),
  QUEUE_POSTED_BUFFERS(
      Collector.Type.GAUGE,
      "",
      "Buffers that the guest has posted, by the last census.",
      Labels.QUEUE),
  QUEUE_UNUSED(
      Collector.Type.GAUGE,
      "",
      "1: a packet waits, and the guest has not posted a buffer since its driver started, by the last"
          + " census. Absent else.",
      Labels.QUEUE),
  QUEUE_RING_BUFFERS(
      Collector.Type.GAUGE, "", "Size of the ring, by the last census.", Labels.QUEUE),
  QUEUE_HEAD_PACKET_BYTES(
      Collector.Type.GAUGE,
      "bytes",
      "Length of the packet at the head, 0 if none waits, by the last census.",
      Labels.QUEUE),
  VMM_WAITS_FOR_VHOST(
      Collector.Type.GAUGE,
      "",
      "1 while a thread of the VMM hangs in the kernel until a vhost worker has ended its work.",
      List.of("vm")),
  GET_RX_BUFS_RETURNS(
      Collector.Type.COUNTER,
      "",
      "Returns of get_rx_bufs in captures, measured or derived.",
      Labels.RESULT),
  SPIN_EPISODE_SECONDS(
      Collector.Type.HISTOGRAM,
      "seconds",
      "Lengths of spins that have ended, all queues together.",
      List.of()),
  PEEK_LENGTH_BYTES(
      Collector.Type.HISTOGRAM, "bytes", "Lengths of packets peeked at in captures.", List.of()),
  DESC_RETURNS(Collector.Type.COUNTER, "", "Descriptor fetches in captures.", Labels.RESULT),
  INCIDENTS(Collector.Type.COUNTER, "", "Incidents opened.", List.of()),
  INCIDENTS_OPEN(Collector.Type.GAUGE, "", "Incidents that go on.", List.of()),
  INCIDENT_WRITE_FAILURES(
      Collector.Type.COUNTER, "", "Failed attempts to write incidents to disk.", List.of()),
  WORKER_CPU_SECONDS(
      Collector.Type.COUNTER, "seconds", "CPU time of a vhost worker.", List.of("vm", "worker")),
  WORKERS(Collector.Type.GAUGE, "", "vhost workers on this host.", List.of()),
  WORKERS_UNEXPLAINED(
      Collector.Type.GAUGE,
      "",
      "Workers that use a CPU although nothing that can be read accounts for it.",
      List.of()),
  WORKER_UNEXPLAINED_START_TIMESTAMP_SECONDS(
      Collector.Type.GAUGE,
      "seconds",
      "Since when nothing accounts for the worker's CPU time, since 1970. Absent for others.",
      List.of("vm", "worker")),
  PROBE_ATTACHED(Collector.Type.GAUGE, "", "1 if the probe is attached.", Labels.PROBE),
  PROBE_RUNS(
      Collector.Type.COUNTER,
      "",
      "Runs of the probe's program, as the kernel counts.",
      Labels.PROBE),
  PROBE_RUN_SECONDS(
      Collector.Type.COUNTER, "seconds", "Time spent in the probe's program.", Labels.PROBE),
  BPF_STATS_ENABLED(
      Collector.Type.GAUGE, "", "1 if the kernel counts runs of BPF programs.", List.of()),
  CPU_SECONDS(
      Collector.Type.COUNTER,
      "seconds",
      "CPU time of the agent and of what it starts.",
      Labels.PROCESS),
  RESIDENT_MEMORY_BYTES(
      Collector.Type.GAUGE,
      "bytes",
      "Resident memory of the agent and of what it starts.",
      Labels.PROCESS),
  CEILING_EXCEEDED(
      Collector.Type.GAUGE,
      "",
      "1 while probing pauses because agent and bpftrace used too much.",
      List.of()),
  CEILING_HITS(
      Collector.Type.COUNTER,
      "",
      "Times that agent and bpftrace used too much and probes were detached.",
      List.of()),
  DEGRADED(
      Collector.Type.GAUGE, "", "1 while something keeps the daemon from seeing all.", List.of()),
  BPFTRACE_UP(Collector.Type.GAUGE, "", "1 if the resident bpftrace runs and answers.", List.of()),
  BPFTRACE_RESTARTS(Collector.Type.COUNTER, "", "Restarts of the resident bpftrace.", List.of()),
  BPFTRACE_LINES_REJECTED(
      Collector.Type.COUNTER,
      "",
      "Lines of bpftrace that could not be read, or were dropped.",
      List.of()),
  BPFTRACE_LOST_EVENTS(Collector.Type.COUNTER, "", "Events that bpftrace said it lost.", List.of()),
  CENSUSES(Collector.Type.COUNTER, "", "Censuses completed.", List.of()),
  CENSUS_FAILURES(Collector.Type.COUNTER, "", "Censuses that failed.", List.of()),
  CENSUS_LAST_TIMESTAMP_SECONDS(
      Collector.Type.GAUGE,
      "seconds",
      "When the last census was completed, 0 if never.",
      List.of()),
  CAPTURES(Collector.Type.COUNTER, "", "Captures of evidence.", List.of()),
  SNAPSHOT_TIMESTAMP_SECONDS(
      Collector.Type.GAUGE,
      "seconds",
      "When the picture that these metrics show was made.",
      List.of()),
  PROBE_MODE(
      Collector.Type.GAUGE,
      "",
      "1 for what stays attached while nothing is wrong, 0 for the others.",
      List.of("mode")),
  KERNEL_EXPOSURE(
      Collector.Type.GAUGE,
      "",
      "1 for what is known of this kernel as to CVE-2026-74356, 0 for the others.",
      List.of("status")),
  KERNEL(Collector.Type.INFO, "", "The running kernel.", List.of("release", "upstream")),
  BUILD(Collector.Type.INFO, "", "This vhostwatch.", List.of("version"));

  private final Collector.Type type;
  private final String unit;
  private final String help;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<String> labels;

  private final String family;
  private final String sample;

  Metric(Collector.Type type, String unit, String help, List<String> labels) {
    this.type = type;
    this.unit = unit;
    this.help = help;
    this.labels = labels;
    this.family = "vhostwatch_" + name().toLowerCase(Locale.ROOT);
    this.sample =
        switch (type) {
          case COUNTER -> family + "_total";
          case INFO -> family + "_info";
          default -> family;
        };
  }

  private static final class Labels {
    static final List<String> QUEUE = List.of("vm", "tap", "queue");
    static final List<String> RESULT = List.of("result");
    static final List<String> PROBE = List.of("probe");
    static final List<String> PROCESS = List.of("process");
  }

  /** Returns the name that the client library wants: without {@code _total} and {@code _info}. */
  String family() {
    return family;
  }

  /** Returns the name of a sample. */
  String sample() {
    return sample;
  }

  Collector.Type type() {
    return type;
  }

  /** Returns the unit that the name ends with, empty for counts. */
  String unit() {
    return unit;
  }

  String help() {
    return help;
  }

  List<String> labels() {
    return labels;
  }
}
