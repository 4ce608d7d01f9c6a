package org.vhostwatch.detect;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.Criterion.Outcome;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.SpinCounters;

/** Weighs what is known of one queue. */
final class Judge {

  /**
   * No pass for so long, in kernel time, ends a spin; the scripts use the same figure. A worker
   * that spins may have to wait for a CPU, or be held by a quota.
   */
  static final long ACTIVE_NANOS = 3_000_000_000L;

  /**
   * A sentinel that has said nothing for so long knows nothing: ticks get lost, but not so many.
   */
  private static final long SILENCE_NANOS = 10_000_000_000L;

  /** A spin shorter than this is a retry that any burst of traffic may cause. */
  private static final long NOTABLE_NANOS = 100_000_000L;

  /** Censuses may lengthen only a spin of this length: a burst of kicks is shorter. */
  private static final long BACKED_NANOS = 1_000_000_000L;

  private static final double NOTABLE_SHARE = 0.1;
  private static final double TICKS_PER_NANO = Worker.TICKS_PER_SECOND / 1e9;

  private final Settings settings;

  Judge(Settings settings) {
    this.settings = settings;
  }

  /** Returns whether the queue spun when the last frame was made. */
  static boolean active(QueueTrack track, HostState state) {
    return track.spin() != null
        && state.framedAt() != null
        && state.frameKernelNanos() - track.spin().latest().seen() <= ACTIVE_NANOS;
  }

  QueueVerdict queue(QueueTrack track, HostState state, long now) {
    HostState.Load load = state.loads().get(track.worker());
    Facts facts = new Facts(track, state, load, now);
    if (facts.spinLasts()) {
      List<Criterion> criteria = LivelockCriteria.of(facts, settings);
      if (LivelockCriteria.livelocked(criteria)) {
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
              "spins now and then: %d episodes, %.1f s in all, %.0f %% of the last seconds",
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
    double share = share(load);
    String cpu =
        Double.isNaN(share) ? "" : String.format(Locale.ROOT, " at %.0f %% CPU", share * 100);
    return new QueueVerdict(
        0,
        load.worker().tid(),
        Verdict.UNKNOWN,
        Confidence.LOW,
        "neither census nor probes: only the worker" + cpu + " is known",
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
    boolean measured = facts.sentinelSpeaks && facts.idle();
    String text =
        String.format(
            Locale.ROOT,
            "RX stands still: a packet of %d bytes waits, %d buffers are posted, %s",
            queue.headBytes(),
            queue.postedBuffers(),
            facts.idle() ? "the worker sleeps" : "the worker is busy with other work");
    if (starved) {
      text += " (no buffer at all: the guest may be hung, or its interface down)";
    }
    return verdict(
        facts,
        Verdict.STALLED,
        measured && !starved ? Confidence.HIGH : Confidence.MEDIUM,
        StallCriteria.of(facts, settings),
        facts.stillSince(),
        text);
  }

  private QueueVerdict harmless(Facts facts) {
    if (facts.censusLatest() == null && !facts.sentinelSpeaks) {
      return verdict(
          facts, Verdict.UNKNOWN, Confidence.LOW, List.of(), 0, "no census and no probes now");
    }
    Confidence confidence =
        facts.sentinelSpeaks && facts.censusLatest() != null ? Confidence.HIGH : Confidence.MEDIUM;
    if (facts.busy()) {
      return facts.stuckUnexplained()
          ? verdict(
              facts,
              Verdict.UNKNOWN,
              Confidence.LOW,
              List.of(),
              0,
              "the worker is busy and a packet waits: not yet told whether it moves")
          : verdict(
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

  private String livelockSummary(Facts facts) {
    SpinCounters spin = facts.track.spin() == null ? null : facts.track.spin().latest();
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

  private static double share(HostState.@Nullable Load load) {
    return load == null ? Double.NaN : load.ticks().perNano() / TICKS_PER_NANO;
  }

  /** What is known of one queue at one time, in the questions that verdicts ask. */
  final class Facts {
    final QueueTrack track;
    final HostState.@Nullable Load load;
    final double share;
    final boolean sentinelSpeaks;
    final boolean active;

    Facts(QueueTrack track, HostState state, HostState.@Nullable Load load, long now) {
      this.track = track;
      this.load = load;
      this.share = Judge.share(load);
      this.sentinelSpeaks = state.framedAt() != null && now - state.framedAt() <= SILENCE_NANOS;
      this.active = sentinelSpeaks && Judge.active(track, state);
    }

    @Nullable CensusQueue censusLatest() {
      return track.census() == null ? null : track.census().latest();
    }

    boolean busy() {
      return share >= settings.busyShare();
    }

    boolean idle() {
      return !busy();
    }

    /** Returns how long the used index has stood still with a packet waiting, by the censuses. */
    long stillNanos() {
      return track.census() == null ? 0 : track.census().nanos();
    }

    long stillSince() {
      return track.census() == null ? 0 : track.census().since();
    }

    double passesPerSecond() {
      if (track.spin() == null || track.spin().latest().episodeNanos() == 0) {
        return 0;
      }
      SpinCounters spin = track.spin().latest();
      return spin.episodePasses() * 1e9 / spin.episodeNanos();
    }

    private long episodeNanos() {
      return track.spin() == null ? 0 : track.spin().latest().episodeNanos();
    }

    /**
     * Returns whether passes go on at such a rate that the worker spins. Two kicks of a starved
     * guest are two passes within a millisecond on a fixed kernel too: that is no rate yet.
     */
    boolean spins() {
      return active
          && episodeNanos() >= NOTABLE_NANOS
          && passesPerSecond() >= settings.minPassesPerSecond();
    }

    /** Returns when the spin began, as far back as it is known. */
    long spinSince() {
      long start = active && track.spin() != null ? track.spin().latest().start() : Long.MAX_VALUE;
      return stillBacksSpin() ? Math.min(start, stillSince()) : start;
    }

    /** Returns how long the spin has lasted, in nanoseconds. */
    long spinNanos() {
      long byProbe = active && track.spin() != null ? track.spin().latest().episodeNanos() : 0;
      return Math.max(byProbe, stillBacksSpin() ? stillNanos() : 0);
    }

    /**
     * Returns whether censuses show that a spin began before the probes saw it. A stall that ends
     * in a burst of kicks is not such a spin: it must have gone on for a while.
     */
    private boolean stillBacksSpin() {
      CensusQueue queue = censusLatest();
      if (queue == null || stillNanos() == 0) {
        return false;
      }
      return (active && track.spin() != null)
          ? episodeNanos() >= BACKED_NANOS
              && track.spin().latest().indices()
              && track.spin().latest().usedIdx() == queue.lastUsedIdx()
          : stuckUnexplained();
    }

    /** Returns whether the spin has lasted for the confirm time, by probes or by censuses alone. */
    boolean spinLasts() {
      return (spins() || stuckUnexplained()) && spinNanos() >= settings.confirmNanos();
    }

    /**
     * Returns whether, without probes, the worker is busy although its RX queue stands still and
     * its TX queue too, so that nothing else accounts for the CPU time.
     */
    boolean stuckUnexplained() {
      CensusQueue queue = censusLatest();
      return !sentinelSpeaks
          && busy()
          && queue != null
          && queue.packetWaits()
          && track.census() != null
          && !track.census().txMoved();
    }

    boolean stalled() {
      CensusQueue queue = censusLatest();
      return queue != null
          && queue.packetWaits()
          && stillNanos() >= settings.confirmNanos()
          && !spunSinceCensus()
          && !spins()
          && !stuckUnexplained();
    }

    /**
     * A spin that was seen after the census has moved on, or ended: the census is of another time.
     */
    private boolean spunSinceCensus() {
      return track.spin() != null
          && track.census() != null
          && track.spin().latest().seen() > track.census().at();
    }

    boolean spinsNotably() {
      if (track.spin() == null || !sentinelSpeaks) {
        return false;
      }
      return (spins() && spinNanos() >= NOTABLE_NANOS)
          || (track.spin().share() >= NOTABLE_SHARE && track.spin().repeats());
    }

    /**
     * Returns the capture, if all of it is of the present spin: what it received before that says
     * nothing.
     */
    @Nullable Evidence freshEvidence() {
      Evidence evidence = track.evidence();
      return evidence != null && spinNanos() > 0 && evidence.from() >= spinSince()
          ? evidence
          : null;
    }

    Outcome outcome(boolean met) {
      return met ? Outcome.MET : Outcome.NOT_MET;
    }
  }
}
