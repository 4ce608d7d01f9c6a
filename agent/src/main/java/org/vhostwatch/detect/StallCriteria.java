package org.vhostwatch.detect;

import static java.lang.String.format;
import static java.util.Locale.ROOT;

import java.util.List;
import org.vhostwatch.probe.CensusQueue;

/** What a stall rests on: censuses that found the same packet waiting and nothing moving. */
final class StallCriteria {

  private StallCriteria() {}

  static List<Criterion> of(Facts facts, Settings settings) {
    CensusQueue queue = facts.censusLatest();
    if (queue == null) {
      return List.of();
    }
    return List.of(
        Criterion.of(
            "packet_waits",
            queue.packetWaits() || facts.kicksInVain(),
            queue.packetWaits()
                ? format(
                    ROOT,
                    "the same packet of %d bytes waits for %.1f s (at least %.1f)",
                    queue.headBytes(),
                    facts.stillNanos() / 1e9,
                    settings.confirmNanos() / 1e9)
                : "each kick of the guest finds a packet at the head"),
        Criterion.of(
            "used_idx",
            true,
            "the used index stands still at " + queue.lastUsedIdx() + " all along"),
        Criterion.of(
            "buffers",
            queue.postedBuffers() > 0,
            format(
                ROOT, "buffers are posted (%d), but they do not suffice", queue.postedBuffers())),
        facts.sentinelSpeaks
            ? Criterion.of("no_passes", !facts.spins(), "no passes: the worker does not spin")
            : Criterion.unmeasured("no_passes", "whether passes go on: no probe is attached"),
        Criterion.of(
            "worker_sleeps",
            facts.sleeps(),
            Double.isNaN(facts.share)
                ? "the worker's CPU time is not known"
                : format(ROOT, "the worker uses %.0f %% of a CPU", facts.share * 100)));
  }
}
