package org.vhostwatch.detect;

import java.util.List;
import java.util.Locale;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.SpinCounters;

/** Weighs what is known of one queue. */
final class Judge {

  private final Settings settings;

  Judge(Settings settings) {
    this.settings = settings;
  }

  QueueVerdict queue(QueueTrack track, HostState state, long now) {
    HostState.Load load = state.loads().get(track.worker());
    Facts facts = new Facts(track, state, load, settings, now);
    if (facts.spinLasts()) {
      List<Criterion> criteria = LivelockCriteria.of(facts, settings);
      if (LivelockCriteria.livelocked(facts, criteria, settings)) {
        return verdict(
            facts,
            Verdict.LIVELOCKED,
            LivelockCriteria.confidence(criteria),
            criteria,
            facts.spinSince(),
            livelockSummary(facts));
      }
    }
    CensusQueue queue = facts.censusLatest();
    if (queue != null && facts.stalled()) {
      return stall(facts, queue);
    }
    if (facts.spinsNotably()) {
      List<Criterion> criteria = LivelockCriteria.of(facts, settings);
      String text =
          String.format(
              Locale.ROOT,
              "spins now and then: episodes %d, %.1f s in all, %.0f %% of the last seconds",
              track.spin() == null ? 0 : track.spin().episodes(),
              track.spin() == null ? 0 : track.spin().spunNanos() / 1e9,
              track.spin() == null ? 0 : track.spin().share() * 100);
      return verdict(
          facts,
          Verdict.SPINNING,
          Confidence.HIGH,
          criteria,
          facts.active ? facts.spinSince() : 0,
          text);
    }
    return harmless(facts);
  }

  QueueVerdict worker(HostState.Load load) {
    double share = Facts.share(load);
    String cpu =
        Double.isNaN(share) ? "" : String.format(Locale.ROOT, " at %.0f %% CPU", share * 100);
    return new QueueVerdict(
        0,
        load.worker().tid(),
        Verdict.UNKNOWN,
        Confidence.LOW,
        "no census tells of its queues: only the worker" + cpu + " is known",
        List.of(),
        0,
        share,
        0,
        0,
        0,
        load.worker(),
        null,
        null,
        null);
  }

  private QueueVerdict stall(Facts facts, CensusQueue queue) {
    boolean starved = queue.postedBuffers() == 0;
    boolean measured = facts.sentinelSpeaks && facts.sleeps();
    String text =
        String.format(
            Locale.ROOT,
            "RX stands still: a packet%s waits, %d buffers are posted, %s",
            queue.packetWaits() ? " of " + queue.headBytes() + " bytes" : "",
            queue.postedBuffers(),
            facts.kicksInVain()
                ? "the guest kicks, and does not post enough"
                : facts.load == null
                    ? "what the worker does is not known"
                    : facts.sleeps() ? "the worker sleeps" : "the worker is busy with other work");
    if (queue.unused()) {
      text += " (the guest has never posted one: its interface was not brought up)";
    } else if (starved) {
      text += " (no buffer at all: the guest may be hung, or its interface down)";
    }
    return verdict(
        facts,
        Verdict.STALLED,
        measured && !starved ? Confidence.HIGH : Confidence.MEDIUM,
        StallCriteria.of(facts, settings),
        facts.stalledSince(),
        text);
  }

  private QueueVerdict harmless(Facts facts) {
    if (!facts.censusTells() && !facts.sentinelSpeaks) {
      return unknown(facts, "no census and no probes now");
    }
    if (facts.stoodStill()) {
      return unknown(
          facts, "it stood still when it was last read, and no census has told of it since");
    }
    if (facts.passesUntold()) {
      return unknown(
          facts,
          "passes go on that deliver nothing, and the worker is busy: too few to be a spin yet");
    }
    Confidence confidence =
        facts.sentinelSpeaks && facts.censusTells() ? Confidence.HIGH : Confidence.MEDIUM;
    if (facts.standsStillUntold()) {
      return unknown(
          facts, "a packet waits and the worker runs, but no probe tells whether it spins");
    }
    if (facts.busy()) {
      return verdict(
          facts,
          Verdict.BUSY,
          confidence,
          List.of(),
          0,
          "the worker is busy, and the receive queue does not spin");
    }
    CensusQueue queue = facts.censusLatest();
    String text =
        queue != null && queue.backend() == CensusQueue.Backend.NONE
            ? "no backend: the guest's driver is not ready, or the VM is stopped"
            : "no spin, no stall";
    return verdict(facts, Verdict.HEALTHY, confidence, List.of(), 0, text);
  }

  private static QueueVerdict unknown(Facts facts, String why) {
    return verdict(facts, Verdict.UNKNOWN, Confidence.LOW, List.of(), 0, why);
  }

  private String livelockSummary(Facts facts) {
    SpinCounters spin = facts.spinLatest();
    CensusQueue queue = facts.censusLatest();
    StringBuilder text = new StringBuilder("the worker spins without delivering anything");
    text.append(String.format(Locale.ROOT, " for %.1f s", facts.spinNanos() / 1e9));
    if (spin != null && facts.passesPerSecond() > 0) {
      text.append(String.format(Locale.ROOT, ", %.0f passes a second", facts.passesPerSecond()));
    }
    if (queue != null && queue.packetWaits()) {
      text.append(String.format(Locale.ROOT, "; a packet of %d bytes waits", queue.headBytes()));
    }
    return text.toString();
  }

  private static QueueVerdict verdict(
      Facts facts,
      Verdict verdict,
      Confidence confidence,
      List<Criterion> criteria,
      long since,
      String summary) {
    SpinTrack spin = facts.track.spin();
    return new QueueVerdict(
        facts.track.vq(),
        facts.track.worker(),
        verdict,
        confidence,
        summary,
        criteria,
        since,
        facts.share,
        spin == null ? 0 : spin.episodes(),
        spin == null ? 0 : spin.passes(),
        spin == null ? 0 : spin.spunNanos(),
        facts.load == null ? null : facts.load.worker(),
        facts.censusLatest(),
        spin == null ? null : spin.latest(),
        facts.track.evidence());
  }
}
