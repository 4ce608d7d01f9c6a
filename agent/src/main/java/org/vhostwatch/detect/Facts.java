package org.vhostwatch.detect;

import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.SpinCounters;

/** What is known of one queue at one time, in the questions that verdicts ask. */
final class Facts {

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

  private static final double NOTABLE_SHARE = 0.1;

  /** Above this share of a CPU a worker does not sleep, whatever it does. */
  private static final double SLEEP_SHARE = 0.05;

  private static final double TICKS_PER_NANO = Worker.TICKS_PER_SECOND / 1e9;

  /** Censuses may lengthen only a spin of this length: a burst of kicks is shorter. */
  private static final long BACKED_NANOS = 1_000_000_000L;

  private final Settings settings;
  final QueueTrack track;
  final HostState.@Nullable Load load;
  final double share;
  final boolean sentinelSpeaks;
  final boolean active;

  Facts(
      QueueTrack track,
      HostState state,
      HostState.@Nullable Load load,
      Settings settings,
      long now) {
    this.settings = settings;
    this.track = track;
    this.load = load;
    this.share = share(load);
    this.sentinelSpeaks = state.framedAt() != null && now - state.framedAt() <= SILENCE_NANOS;
    this.active = sentinelSpeaks && active(track, state);
  }

  @Nullable CensusQueue censusLatest() {
    return track.census() == null ? null : track.census().latest();
  }

  boolean busy() {
    return share >= settings.busyShare();
  }

  /** Returns whether the worker is known to sleep. */
  boolean sleeps() {
    return share < SLEEP_SHARE;
  }

  /** Returns whether the TX queue moved while the RX queue stood still: work for the worker. */
  private boolean sends() {
    return track.census() != null && track.census().txMoved();
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
   * Returns whether passes go on at such a rate that the worker spins. Two kicks of a starved guest
   * are two passes within a millisecond on a fixed kernel too: that is no rate yet; and a burst of
   * passes must not make a spin of the kicks that come long after it.
   */
  boolean spins() {
    return active
        && track.spin() != null
        && episodeNanos() >= NOTABLE_NANOS
        && passesPerSecond() >= settings.minPassesPerSecond()
        && track.spin().share() >= NOTABLE_SHARE;
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
   * Returns whether censuses show that a spin began before the probes saw it. A stall that ends in
   * a burst of kicks is not such a spin: it must have gone on for a while.
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
   * Returns whether, without probes, the worker is busy although its RX queue stands still and its
   * TX queue too, so that nothing else accounts for the CPU time.
   */
  boolean stuckUnexplained() {
    CensusQueue queue = censusLatest();
    return !sentinelSpeaks
        && busy()
        && queue != null
        && queue.packetWaits()
        && track.census() != null
        && !sends();
  }

  /**
   * Returns whether, without probes, a packet waits and the worker is neither asleep nor known to
   * do anything else.
   */
  boolean standsStillUntold() {
    CensusQueue queue = censusLatest();
    boolean mayWait = stuckUnexplained() || stillNanos() >= settings.confirmNanos();
    return !sentinelSpeaks && queue != null && queue.packetWaits() && mayWait && !sleeps();
  }

  boolean stalled() {
    CensusQueue queue = censusLatest();
    return queue != null
        && queue.packetWaits()
        && stillNanos() >= settings.confirmNanos()
        && !spunSinceCensus()
        && !spins()
        && (sentinelSpeaks || sleeps() || sends());
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
    return evidence != null && spinNanos() > 0 && evidence.from() >= spinSince() ? evidence : null;
  }

  /** Returns whether the queue spun when the last frame was made. */
  static boolean active(QueueTrack track, HostState state) {
    return track.spin() != null
        && state.framedAt() != null
        && state.frameKernelNanos() - track.spin().latest().seen() <= ACTIVE_NANOS;
  }

  static double share(HostState.@Nullable Load load) {
    return load == null ? Double.NaN : load.ticks().perNano() / TICKS_PER_NANO;
  }
}
