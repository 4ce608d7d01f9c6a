package org.vhostwatch.report;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.Criterion;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.EpisodeLengths;
import org.vhostwatch.probe.SpinCounters;

/** The fields of a queue, under the same names in every report (docs/json.md). */
final class QueueJson {

  private QueueJson() {}

  /**
   * Whose the queue is.
   *
   * @param vm the VM's name, null if not known
   * @param vmm the process that runs it, empty if it could not be read
   * @param pid its id, 0 if not known
   * @param port the tap end
   */
  record Identity(@Nullable String vm, Optional<Vmm> vmm, int pid, TapPort port) {}

  /**
   * Writes verdict, identity, state and what the verdict rests on.
   *
   * @param kernel whether the kernel has the bug, for the advice
   */
  static void whole(JsonText json, Identity identity, QueueVerdict verdict, Exposure kernel) {
    json.text("verdict", verdict.verdict().name());
    json.constant("confidence", verdict.confidence());
    json.text("summary", verdict.summary());
    state(json, identity, verdict);
    spin(json, verdict);
    json.objects("criteria", verdict.criteria(), QueueJson::criterion);
    EvidenceJson.write(json, verdict.evidence(), ring(verdict));
    json.texts("advice", Advice.of(verdict.verdict(), kernel, identity));
  }

  /** Writes whose the queue is, who serves it, and its state in the kernel. */
  static void state(JsonText json, Identity identity, QueueVerdict verdict) {
    identity(json, identity);
    worker(json, verdict);
    indices(json, verdict);
  }

  /** Writes whose the queue is, and its tap. */
  static void identity(JsonText json, Identity identity) {
    json.text("vm", identity.vm());
    json.text("vm_uuid", identity.vmm().flatMap(Vmm::uuid).orElse(null));
    json.text("vm_id", identity.vmm().flatMap(Vmm::vmid).orElse(null));
    pid(json, "vm_pid", identity.pid());
    port(json, identity.port());
  }

  private static void port(JsonText json, TapPort port) {
    json.name("tap", port.name());
    json.count("queue_index", port.queueIndex());
    json.count("ifindex", port.ifindex() == 0 ? -1 : port.ifindex());
    json.name("bridge", port.master());
    json.count("netns", port.netns() == 0 ? -1 : port.netns());
    json.text("identity", port.exact() ? "exact" : "inferred");
  }

  /** Writes the fields of a worker, which /proc knows; CPU use in percent of one CPU. */
  static void worker(JsonText json, Worker worker, double cpuShare) {
    json.number("tid", worker.tid())
        .number("pid", worker.tgid())
        .text("comm", worker.comm())
        .constant("kind", worker.kind())
        .text("state", String.valueOf(worker.state()))
        .number("cpu", worker.cpu())
        .number("nice", worker.nice())
        .fraction("cpu_percent", cpuShare * 100)
        .fraction("cpu_seconds", (double) worker.cpuTicks() / Worker.TICKS_PER_SECOND);
  }

  private static void worker(JsonText json, QueueVerdict verdict) {
    Worker worker = verdict.worker();
    if (worker != null) {
      json.object("worker", fields -> worker(fields, worker, verdict.cpuShare()));
    } else if (verdict.tid() != 0) {
      json.object(
          "worker",
          fields ->
              fields
                  .number("tid", verdict.tid())
                  .nothing(
                      "pid", "comm", "kind", "state", "cpu", "nice", "cpu_percent", "cpu_seconds"));
    } else {
      json.nothing("worker");
    }
  }

  private static void indices(JsonText json, QueueVerdict verdict) {
    if (verdict.vq() == 0) {
      json.nothing("vq");
    } else {
      json.hex("vq", verdict.vq());
    }
    CensusQueue queue = verdict.queue();
    SpinCounters spin = verdict.spin();
    boolean probed = spin != null && spin.indices();
    if (queue != null) {
      json.number("num", queue.num())
          .number("avail_idx", queue.availIdx())
          .number("last_avail_idx", queue.lastAvailIdx());
    } else if (spin != null && probed) {
      json.number("num", spin.num())
          .number("avail_idx", spin.availIdx())
          .number("last_avail_idx", spin.lastAvailIdx());
    } else {
      json.nothing("num", "avail_idx", "last_avail_idx");
    }
    json.count(
        "last_avail_idx_after_roll_back", spin != null && probed ? spin.rewoundAvailIdx() : -1);
    if (queue != null) {
      json.number("last_used_idx", queue.lastUsedIdx())
          .number("posted_buffers", queue.postedBuffers())
          .hex("features", queue.features())
          .flag("mergeable", queue.mergeable())
          .constant("backend", queue.backend());
      json.object(
          "head",
          head -> {
            head.number("waiting", queue.packetWaits() ? queue.waiting() : 0);
            head.count("bytes", queue.packetWaits() ? queue.headBytes() : -1);
          });
    } else if (spin != null && probed) {
      json.number("last_used_idx", spin.usedIdx())
          .number("posted_buffers", (spin.availIdx() - spin.usedIdx()) & 0xffff)
          .nothing("features", "mergeable", "backend", "head");
    } else {
      json.nothing("last_used_idx", "posted_buffers", "features", "mergeable", "backend", "head");
    }
  }

  private static void spin(JsonText json, QueueVerdict verdict) {
    SpinCounters spin = verdict.spin();
    if (spin == null) {
      json.nothing("spin");
      return;
    }
    double rate = spin.episodeNanos() == 0 ? Double.NaN : spin.passesPerSecond();
    json.object(
        "spin",
        fields -> {
          fields
              .number("episodes", verdict.episodes())
              .number("passes", verdict.passes())
              .fraction("seconds", verdict.spunNanos() / 1e9)
              .fraction("longest_seconds", spin.longestNanos() / 1e9);
          lengths(fields, spin.lengths());
          fields.fraction("passes_per_second", rate);
        });
  }

  private static void lengths(JsonText json, EpisodeLengths lengths) {
    if (lengths.known()) {
      json.counts("at_least_ms", lengths.reachedByMillis());
    } else {
      json.nothing("at_least_ms");
    }
  }

  private static void criterion(JsonText json, Criterion criterion) {
    json.text("id", criterion.id())
        .constant("outcome", criterion.outcome())
        .text("text", criterion.text());
  }

  static void pid(JsonText json, String name, int pid) {
    json.count(name, pid > 0 ? pid : -1);
  }

  /** Returns the ring's size, 0 if not known: a fetch from an empty ring returns it. */
  private static int ring(QueueVerdict verdict) {
    if (verdict.queue() != null) {
      return verdict.queue().num();
    }
    return verdict.spin() == null ? 0 : verdict.spin().num();
  }
}
