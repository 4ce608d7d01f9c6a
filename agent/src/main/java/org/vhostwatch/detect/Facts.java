package org.vhostwatch.detect;

import org.jspecify.annotations.Nullable;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.SpinCounters;

/** What is known of one queue at one time, in the questions that verdicts ask. */
final class Facts {

  /**
   * A sentinel that has said nothing for so long knows nothing: ticks get lost, but not so many.
   */
  private static final long SILENCE_NANOS = 10_000_000_000L;

  /** Longer than it takes to give a silent sentinel up and to start another. */
  private static final long LONG_SILENCE_NANOS = 120_000_000_000L;

  /**
   * How long a worker that others keep from its CPU may make no pass. Long, because a spin ends
   * with movement, which the next census shows: 10 s were too short for an emulated host whose
   * processors were busy.
   */
  static final long STARVING_NANOS = 60_000_000_000L;

  /** A spin shorter than this is a retry that any burst of traffic may cause. */
  static final long NOTABLE_NANOS = 100_000_000L;

  private static final double NOTABLE_SHARE = 0.1;

  /**
   * Passes a second; a livelock makes 40,000 and more with a CPU of an emulated machine, and 2,300
   * there when four others want the same CPUs.
   */
  private static final double FASTER_THAN_KICKS = 1_500;

  /** Censuses may lengthen only a spin of this length: a burst of kicks is shorter. */
  private static final long BACKED_NANOS = 1_000_000_000L;

  /** Without probes a census must be so young that the CPU time of now speaks of what it read. */
  private static final long CENSUS_SERVES_NANOS = 90_000_000_000L;

  private final Settings settings;
  private final long now;
  final QueueTrack track;
  final HostState.@Nullable Load load;
  final double share;

  /** The share of the time that the worker waits for a CPU. */
  final double waits;

  final boolean sentinelSpeaks;
  final boolean active;
  private final boolean starved;

  /** When the last frame was made. */
  private final long framedKernelNanos;

  /** When the present sentinel made its first, null without one. */
  private final @Nullable Long attachedKernelNanos;

  Facts(
      QueueTrack track,
      HostState state,
      HostState.@Nullable Load load,
      Settings settings,
      long now) {
    this.settings = settings;
    this.now = now;
    this.track = track;
    this.load = load;
    this.share = share(load);
    this.waits = load == null ? 0 : load.waits();
    this.sentinelSpeaks = speaks(state, now);
    this.framedKernelNanos = state.frameKernelNanos();
    this.attachedKernelNanos = state.attachedKernelNanos();
    this.starved = !active(track, state) && starves(state);
    this.active = (active(track, state) || starved) && (sentinelSpeaks || spinsOn(state));
  }

  /** Returns whether a sentinel is attached and has spoken of late. */
  static boolean speaks(HostState state, long now) {
    return state.attached() && state.framedAt() != null && now - state.framedAt() <= SILENCE_NANOS;
  }

  /**
   * Returns whether a worker that spun in the last frame does so still, as far as /proc tells:
   * ticks get lost, bpftrace may wait for a CPU, or be gone and start again, exactly while workers
   * spin. Silence is no end.
   */
  private boolean spinsOn(HostState state) {
    return state.framedAt() != null
        && now - state.framedAt() <= LONG_SILENCE_NANOS
        && !movedSinceTheLastPass()
        && wouldBeBusy();
  }

  /**
   * Returns whether a worker that spun seconds before the last frame had no chance to do so since,
   * or may have had none: others have its CPU, it is not known to have run without a pass, and no
   * census shows movement.
   */
  private boolean starves(HostState state) {
    return track.spin() != null
        && state.framedAt() != null
        && state.frameKernelNanos() - track.spin().latest().seen() <= STARVING_NANOS
        && (sharesItsCpu() || (mayWait() && episodeNanos() >= NOTABLE_NANOS))
        && !ranSinceTheLastPass(state)
        && !movedSinceTheLastPass();
  }

  /** Returns whether the worker must have run for long by the last frame without another pass. */
  private boolean ranSinceTheLastPass(HostState state) {
    return load != null
        && track.spin() != null
        && load.ran().between(track.spin().latest().seen(), state.frameKernelNanos());
  }

  /**
   * Returns whether a census since the last pass shows another used index, or that the queue has no
   * tap any more, for whose packets it could spin.
   */
  private boolean movedSinceTheLastPass() {
    CensusQueue queue = censusLatest();
    return queue != null
        && track.census() != null
        && track.spin() != null
        && track.census().at() > track.spin().latest().seen()
        && (queue.backend() == CensusQueue.Backend.NONE
            || (track.spin().latest().indices()
                && queue.lastUsedIdx() != track.spin().latest().usedIdx()));
  }

  @Nullable SpinCounters spinLatest() {
    return track.spin() == null ? null : track.spin().latest();
  }

  @Nullable CensusQueue censusLatest() {
    return track.census() == null ? null : track.census().latest();
  }

  boolean busy() {
    return share >= settings.busyShare();
  }

  /** Returns whether the worker would be busy if it got its CPU whenever it wants it. */
  boolean wouldBeBusy() {
    return load != null && load.wants() >= settings.busyShare();
  }

  /** Returns whether the worker is known to sleep: one that waits for a CPU does not. */
  boolean sleeps() {
    return load != null && load.wants() < Settings.SLEEP_SHARE && !load.wanted();
  }

  /**
   * Returns whether sending is the worker's work while the RX queue stands still: by the last
   * censuses, for one may fall between two bursts.
   */
  private boolean sends() {
    Stillness census = track.census();
    if (census == null) {
      return false;
    }
    boolean lately =
        census.quietSince() > census.since()
            && census.at() - census.quietSince() < settings.confirmNanos();
    return census.sends() || lately;
  }

  private boolean movesTx() {
    return track.census() != null && track.census().moved();
  }

  /** Returns how long the used index has stood still with a packet waiting, by the censuses. */
  long stillNanos() {
    return track.census() == null ? 0 : track.census().nanos();
  }

  long stillSince() {
    return track.census() == null ? 0 : track.census().since();
  }

  /**
   * Returns the passes a second when the last pass was seen; of a worker that shares its CPU, or
   * may, over all of the spin, for it may not have had any of it then.
   */
  double passesPerSecond() {
    return starved || sharesItsCpu() ? mostPassesPerSecond() : latestPassesPerSecond();
  }

  /** Returns whether passes come, or came over all of the spin, faster than a guest kicks. */
  boolean passesFast() {
    return active && mostPassesPerSecond() >= FASTER_THAN_KICKS;
  }

  /**
   * Returns whether the worker does not sleep between its passes, as one that a guest kicks does.
   * Of one that sends meanwhile only their number tells.
   */
  private boolean neverSleeps() {
    boolean sendsNothing = stillNanos() > 0 && !sends();
    return wouldBeBusy() && (sendsNothing || passesFast());
  }

  /** Returns the passes a second when the last pass was seen, or over all of the spin. */
  double mostPassesPerSecond() {
    return track.spin() == null
        ? 0
        : Math.max(latestPassesPerSecond(), track.spin().latest().passesPerSecond());
  }

  private double latestPassesPerSecond() {
    return track.spin() == null ? 0 : track.spin().rateAtPass();
  }

  /** Returns whether others use the CPU that the worker wants. */
  private boolean sharesItsCpu() {
    return load != null && load.sharesItsCpu(settings.busyShare());
  }

  private boolean mayWait() {
    return load != null && load.mayWait();
  }

  /** Returns whether the worker is taken to wait for its CPU, though no wait was counted yet. */
  boolean waitsUncounted() {
    return starved && !sharesItsCpu();
  }

  private long episodeNanos() {
    return track.spin() == null ? 0 : track.spin().nanos();
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
        && (neverSleeps()
            || (waitsUncounted() && passesFast())
            || (starved ? track.spin().shareAtPass() : track.spin().share()) >= notableShare());
  }

  /** A worker that has to wait for its CPU spins only in what it gets of it. */
  private double notableShare() {
    return wouldBeBusy() && waits > 0 ? NOTABLE_SHARE * share / (share + waits) : NOTABLE_SHARE;
  }

  /** Returns when the spin began, as far back as it is known. */
  long spinSince() {
    long start = active && track.spin() != null ? track.spin().start() : Long.MAX_VALUE;
    return Math.min(start, backedSince());
  }

  /** Returns how long the spin has lasted, in nanoseconds. */
  long spinNanos() {
    long byProbe = active ? episodeNanos() : 0;
    Stillness census = track.census();
    long since = backedSince();
    return census == null || since == Long.MAX_VALUE
        ? byProbe
        : Math.max(byProbe, census.at() - since);
  }

  /**
   * Returns since when censuses show that it spins, which may be longer than the probes saw;
   * Long.MAX_VALUE if they do not. A stall that ends in a burst of kicks is not such a spin: it
   * must have gone on for a while, and counts from when the sentinel told that it was none. Without
   * probes, only the time counts in which the worker was busy.
   */
  private long backedSince() {
    CensusQueue queue = censusLatest();
    if (queue == null || stillNanos() == 0) {
      return Long.MAX_VALUE;
    }
    if (active && track.spin() != null) {
      SpinCounters spin = track.spin().latest();
      if (!spin.standsAt(queue)) {
        return Long.MAX_VALUE;
      }
      if (episodeNanos() >= BACKED_NANOS) {
        return Math.max(stillSince(), track.census() == null ? 0 : track.census().toldAt());
      }
      // What the probes have just begun to see may be what was known without them.
      return watched() ? Long.MAX_VALUE : busyForNothingSince();
    }
    return stuckUnexplained() ? busyForNothingSince() : Long.MAX_VALUE;
  }

  private long quietSince() {
    return track.census() == null ? 0 : track.census().quietSince();
  }

  private long busyForNothingSince() {
    return load != null && busyForNothing()
        ? Math.max(stillSince(), Math.max(quietSince(), load.busySince()))
        : Long.MAX_VALUE;
  }

  /** Returns whether the spin has lasted for the confirm time, by probes or by censuses alone. */
  boolean spinLasts() {
    return (spins() || stuckUnexplained()) && spinNanos() >= settings.confirmNanos();
  }

  /** Returns whether the worker is busy for nothing, and no probe has told what it does. */
  boolean stuckUnexplained() {
    boolean untold = !sentinelSpeaks || (!active && !watched());
    return untold && busyForNothing() && !toldStill();
  }

  /**
   * Returns whether the worker is busy although its RX queue stands still and its TX queue too, so
   * that nothing else accounts for the CPU time.
   */
  private boolean busyForNothing() {
    CensusQueue queue = censusLatest();
    return wouldBeBusy()
        && queue != null
        && queue.packetWaits()
        && track.census() != null
        && now - track.census().at() <= CENSUS_SERVES_NANOS
        && !sends()
        && !(movesTx() && share < Settings.SLEEP_SHARE);
  }

  /** Returns whether the last census is young enough to tell of the queue. */
  boolean censusTells() {
    return track.census() != null && now - track.census().at() <= settings.censusAge().toNanos();
  }

  /** Returns whether it stood still when it was last read, too long ago to tell of now. */
  boolean stoodStill() {
    CensusQueue queue = censusLatest();
    return queue != null
        && queue.packetWaits()
        && !censusTells()
        && stillNanos() >= settings.confirmNanos();
  }

  /**
   * Returns whether a packet waits, the worker is neither asleep nor known to do anything else, and
   * no probe has told what it does.
   */
  boolean standsStillUntold() {
    CensusQueue queue = censusLatest();
    boolean still = stillNanos() >= settings.confirmNanos();
    if (queue == null) {
      return false;
    }
    boolean untold = !watched() || (censusTells() && (!spunSinceCensus() || passedSince(queue)));
    return queue.packetWaits()
        && !sleeps()
        && (still ? untold : !sentinelSpeaks && stuckUnexplained());
  }

  /** Returns whether the last passes have found the used index where the census did. */
  private boolean passedSince(CensusQueue queue) {
    return track.spin() != null && track.spin().latest().standsAt(queue);
  }

  boolean stalled() {
    CensusQueue queue = censusLatest();
    return queue != null && !spins() && (kicksInVain() || stallsByCensus(queue));
  }

  private boolean stallsByCensus(CensusQueue queue) {
    return queue.packetWaits()
        && censusTells()
        && stillNanos() >= settings.confirmNanos()
        && (!spunSinceCensus() || kickedSinceCensus(queue))
        && (sentinelTells() || sleeps() || (movesTx() && !wouldBeBusy()));
  }

  /** Returns whether the sentinel tells that the queue stands still without a spin. */
  private boolean sentinelTells() {
    return watchedStill() || toldStill();
  }

  /**
   * Returns whether the sentinel has told so not long ago, and of no spin since: that the worker
   * has to wait for its CPU now, or that the sentinel is gone and starts again, makes no spin of a
   * stall. Nobody has told what a worker does that has become busy since.
   */
  private boolean toldStill() {
    Stillness census = track.census();
    return census != null
        && census.toldAt() != Stillness.UNTOLD
        && now - census.toldAt() <= LONG_SILENCE_NANOS
        && (watchedBy(census.toldAt())
            || (load != null && !load.becameBusyAfter(census.toldAt() - NOTABLE_NANOS)))
        && spunAt() <= census.toldAt();
  }

  /**
   * Returns whether the sentinel would have told of a spin that makes the queue stand still, or of
   * the last one that it goes on. On a crowded host its frames come seconds late, or not at all.
   */
  private boolean watchedStill() {
    // Busy as it was when it spun, with nothing else: then it may be the probe that does not run.
    boolean spunOn = spunAt() >= stillSince() && busyForNothing();
    return watchedSince(Math.max(stillSince(), spunAt()), spunOn);
  }

  /**
   * Returns whether the last frame tells that it stands still without a spin: one with a pass of
   * just now may be of the begin of one, unless kicks have come for long.
   */
  boolean tellsStill() {
    SpinCounters spin = spinLatest();
    return watchedStill()
        && (spin == null || framedKernelNanos - spin.seen() >= NOTABLE_NANOS || kicksInVain());
  }

  /** Returns whether the sentinel that speaks now has watched at that time. */
  private boolean watchedBy(long time) {
    return sentinelSpeaks && attachedKernelNanos != null && attachedKernelNanos <= time;
  }

  /** Returns when the last pass of a spin was seen; before all time if there was none. */
  private long spunAt() {
    SpinTrack spin = track.spin();
    return spin == null || mayBeKicks() ? Long.MIN_VALUE : spin.latest().seen();
  }

  /**
   * Returns whether all passes of the last episode may have been made for kicks: it was short, or
   * they came one by one, to a worker that sleeps or does other work in between.
   */
  private boolean mayBeKicks() {
    return episodeNanos() < NOTABLE_NANOS
        || (mostPassesPerSecond() < settings.minPassesPerSecond() && !neverSleeps());
  }

  private boolean watched() {
    return watchedSince(Long.MIN_VALUE, false);
  }

  /**
   * Returns whether since then, or since its probes were attached if that was later, the sentinel
   * has watched for long enough to have told of a spin: a worker that others keep from its CPU
   * makes no pass for long, and one that nobody has looked at since may be kept from it.
   *
   * @param doubtful whether it takes as long as that for another reason
   */
  private boolean watchedSince(long time, boolean doubtful) {
    if (!sentinelSpeaks || attachedKernelNanos == null) {
      return false;
    }
    long from = Math.max(time, attachedKernelNanos);
    boolean looked = load == null || load.ticks().at() >= from + settings.confirmNanos();
    boolean starves = doubtful || sharesItsCpu() || mayWait() || !looked;
    return framedKernelNanos - from >= (starves ? STARVING_NANOS : settings.confirmNanos());
  }

  /** Returns since when it stands still: by the censuses, or by the passes that go on. */
  long stalledSince() {
    return track.spin() != null && stillNanos() < settings.confirmNanos()
        ? track.spin().start()
        : stillSince();
  }

  /**
   * A spin that was seen after the census has moved on, or ended: the census is of another time.
   */
  private boolean spunSinceCensus() {
    return track.spin() != null
        && track.census() != null
        && track.spin().latest().seen() > track.census().at();
  }

  /**
   * Returns whether passes go on one by one that all find the same used index: the guest kicks, and
   * does not post enough. After the last pass of a spin there are none.
   */
  boolean kicksInVain() {
    return passesInVain()
        && track.spin() != null
        && track.spin().passed()
        && !spins()
        && !passesFast()
        && !neverSleeps()
        && !(wouldBeBusy() && stillNanos() == 0);
  }

  /**
   * Returns whether it may be kicked or spin: passes go on that find the same used index, too
   * slowly to tell, and the worker is busy, with sending or with them. Each pass of a ring with
   * hundreds of small buffers takes milliseconds on a slow host.
   */
  boolean passesUntold() {
    boolean goesOn =
        track.spin() != null
            && (track.spin().passed() || mostPassesPerSecond() < settings.minPassesPerSecond());
    return passesInVain() && goesOn && wouldBeBusy() && !spins() && !kicksInVain();
  }

  private boolean passesInVain() {
    return sentinelSpeaks
        && active
        && track.spin() != null
        && track.spin().latest().indices()
        && episodeNanos() >= settings.confirmNanos();
  }

  /**
   * Returns whether what came after the census was a kick or some, and no spin that may be over.
   */
  private boolean kickedSinceCensus(CensusQueue queue) {
    return (sentinelSpeaks || toldStill()) && passedSince(queue) && (kicksInVain() || mayBeKicks());
  }

  boolean spinsNotably() {
    if (track.spin() == null || !sentinelSpeaks) {
      return false;
    }
    // Fast passes are no kicks one by one, however little of the time is seen to go into them.
    boolean fast = passesFast() && track.spin().passed() && episodeNanos() >= NOTABLE_NANOS;
    return fast
        || (spins() && spinNanos() >= NOTABLE_NANOS)
        || (track.spin().share() >= notableShare() && track.spin().repeats());
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
        && track.spin().latest().goesOn(state.frameKernelNanos());
  }

  static double share(HostState.@Nullable Load load) {
    return load == null ? Double.NaN : load.share();
  }
}
