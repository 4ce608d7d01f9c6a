package org.vhostwatch.daemon;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.HistogramAssembler;
import org.vhostwatch.probe.Message;
import org.vhostwatch.probe.MessageParser;
import org.vhostwatch.probe.Mode;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.ProgramRuns;
import org.vhostwatch.probe.ReturnCounts;
import org.vhostwatch.probe.SentinelAssembler;
import org.vhostwatch.probe.SentinelFrame;
import org.vhostwatch.snapshot.EpisodeTotals;
import org.vhostwatch.snapshot.OwnCost;
import org.vhostwatch.snapshot.ProbeStatus;

/**
 * How well the daemon sees: what is attached, what was counted, what is in the way. Owned by the
 * loop, but for {@link #settled}.
 */
final class Sight {

  private final Mode mode;
  private final LongSupplier dropped;
  private Optional<ProbeKit> kit = Optional.empty();
  private SentinelAssembler frames = new SentinelAssembler(true);
  private ReturnCounts returns = ReturnCounts.NONE;
  private HistogramAssembler histograms = new HistogramAssembler();
  private EpisodeTotals episodesBefore = EpisodeTotals.NONE;
  private EpisodeTotals episodes = EpisodeTotals.NONE;
  private String sentinelTrouble = "";
  private String censusTrouble = "";
  private String captureTrouble = "";
  private String costTrouble = "";
  private String ownTrouble = "";
  private boolean idle;
  private OwnCost cost = OwnCost.NONE;
  private Map<String, ProgramRuns.Runs> runs = Map.of();
  private long run;
  private long restarts;
  private boolean broke;
  private boolean attached;
  private long rejected;
  private long lost;
  private long censuses;
  private long censusFailures;
  private long captures;
  private long censusWallMillis;
  private volatile boolean settled;

  /**
   * @param dropped lines that the inbox had no room for
   */
  Sight(Mode mode, LongSupplier dropped) {
    this.mode = mode;
    this.dropped = dropped;
  }

  Optional<ProbeKit> kit() {
    return kit;
  }

  boolean attached() {
    return attached;
  }

  /** Returns whether the first attempt to attach has ended, one way or the other. */
  boolean settled() {
    return settled;
  }

  /** Returns whether a census can be taken, and the last one did not fail. */
  boolean censusPossible() {
    return censusTrouble.isEmpty()
        && kit.flatMap(ProbeKit::plan).flatMap(plan -> plan.census()).isPresent();
  }

  /** Returns what captures counted or, in continuous mode, all probes. */
  ReturnCounts totals() {
    return mode == Mode.CONTINUOUS ? returns.plus(histograms.counts()) : returns;
  }

  /** Returns the spins that have ended, by all sentinels so far. */
  EpisodeTotals episodes() {
    return episodes;
  }

  /** Returns what watching costs. */
  OwnCost cost() {
    return cost;
  }

  /** Notes whether this process can open files, and so see workers at all. */
  void blind(boolean blind) {
    ownTrouble =
        blind
            ? "no file can be opened, so workers cannot be seen: too many are open (LimitNOFILE of"
                + " the service, fs.file-max of the host), or there is no memory"
            : "";
  }

  /** Notes whether there is no vhost_net, and so nothing to see. */
  void idle(boolean now) {
    idle = now;
  }

  boolean idle() {
    return idle;
  }

  /** Returns whether it only tells of costs, as high or low as before. */
  boolean costsAsBefore(Incoming message) {
    return message instanceof Incoming.Cost seen && seen.trouble().equals(costTrouble);
  }

  /** Takes a message; returns a frame of the sentinel when it ends one. */
  Optional<SentinelFrame> take(Incoming message, List<QueueVerdict> verdicts) {
    if (message instanceof Incoming.Line line) {
      return attached && line.run() == run ? line(line.text()) : Optional.empty();
    }
    if (message instanceof Incoming.Kit seen) {
      kit = Optional.of(seen.kit());
      settled |=
          mode == Mode.ON_DEMAND || seen.kit().plan().flatMap(plan -> plan.sentinel()).isEmpty();
      censusTrouble = "";
      if (!seen.kit().vhostNetLoaded()) {
        // What failed as the module went is over.
        sentinelTrouble = "";
        captureTrouble = "";
      }
    } else if (message instanceof Incoming.Attached seen) {
      run = seen.run();
      frames = new SentinelAssembler(seen.indices());
      returns = totals();
      histograms = new HistogramAssembler();
      episodesBefore = episodes;
      restarts += broke ? 1 : 0;
      broke = false;
      attached = true;
      sentinelTrouble = "";
      settled = true;
    } else if (message instanceof Incoming.Detached seen) {
      attached = false;
      runs = Map.of();
      sentinelTrouble = seen.trouble();
      // Before the first that was attached there is nothing to restart.
      broke |= run > 0 && !seen.trouble().isEmpty();
      settled = true;
    } else if (message instanceof Incoming.Counted seen) {
      censuses++;
      rejected += seen.census().rejected();
      censusWallMillis = System.currentTimeMillis();
      censusTrouble = "";
      if (verdicts.stream().noneMatch(Sight::wantsCapture)) {
        captureTrouble = "";
      }
    } else if (message instanceof Incoming.CensusFailed seen) {
      censusFailures++;
      censusTrouble = kit.filter(ProbeKit::vhostNetLoaded).isPresent() ? seen.trouble() : "";
    } else if (message instanceof Incoming.Captured seen) {
      captureTrouble = seen.trouble();
      captures += seen.trouble().isEmpty() ? 1 : 0;
      if (mode != Mode.CONTINUOUS) {
        seen.evidence()
            .forEach(
                evidence ->
                    returns = returns.plus(ReturnCounts.of(evidence, ring(evidence, verdicts))));
      }
    } else if (message instanceof Incoming.Cost seen) {
      cost = seen.own();
      runs = seen.runs();
      costTrouble = seen.trouble();
    }
    return Optional.empty();
  }

  /** A capture that failed is no trouble any more when there is nothing left to capture. */
  private static boolean wantsCapture(QueueVerdict verdict) {
    return verdict.verdict() == Verdict.LIVELOCKED || verdict.verdict() == Verdict.SPINNING;
  }

  private static int ring(Evidence evidence, List<QueueVerdict> verdicts) {
    return verdicts.stream()
        .filter(verdict -> verdict.vq() == evidence.vq() && verdict.queue() != null)
        .map(QueueVerdict::queue)
        .findFirst()
        .map(queue -> queue.num())
        .orElse(0);
  }

  private Optional<SentinelFrame> line(String text) {
    Message message = MessageParser.parse(text);
    if (message instanceof Message.Rejected) {
      rejected++;
    } else if (message instanceof Message.LostEvents events) {
      lost += events.count();
    }
    histograms.accept(message);
    Optional<SentinelFrame> frame = frames.accept(message);
    frame.ifPresent(
        whole -> episodes = episodesBefore.plus(EpisodeTotals.of(whole)).orMore(episodes));
    return frame;
  }

  /** Returns the state of probing for a snapshot. */
  ProbeStatus status() {
    Map<String, Boolean> probes = new LinkedHashMap<>();
    probes.put("vhost_discard_vq_desc", attached);
    return new ProbeStatus(
        mode.word(),
        kit.flatMap(ProbeKit::bpftrace).map(b -> b.version().toString()).orElse(""),
        attached,
        restarts,
        probes,
        runs,
        rejected + dropped.getAsLong(),
        lost,
        censuses,
        censusFailures,
        captures,
        censusWallMillis,
        troubles(),
        idle ? kit.flatMap(ProbeKit::idle) : Optional.empty());
  }

  private List<String> troubles() {
    List<String> troubles = new ArrayList<>(kit.map(ProbeKit::troubles).orElse(List.of()));
    if (troubles.isEmpty()) {
      kit.filter(ProbeKit::vhostNetLoaded)
          .flatMap(ProbeKit::plan)
          .ifPresent(plan -> troubles.addAll(plan.blindSpots()));
    }
    for (String trouble :
        List.of(ownTrouble, costTrouble, sentinelTrouble, censusTrouble, captureTrouble)) {
      if (!trouble.isEmpty()) {
        troubles.add(trouble);
      }
    }
    return troubles;
  }
}
