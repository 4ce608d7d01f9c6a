package org.vhostwatch.detect;

import static java.lang.String.format;
import static java.util.Locale.ROOT;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.Criterion.Outcome;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.SpinCounters;

/**
 * What a livelock rests on. The first three decide: passes go on, the used index stands still,
 * nothing is received. The others must not contradict.
 */
final class LivelockCriteria {

  /** Heads fetched so nearly as often as each other are all fetched in each pass. */
  private static final double EVERY_PASS = 0.98;

  /** The indices that {@code roll_back} reads also tell that it is a receive queue. */
  private static final List<String> DECISIVE =
      List.of("passes", "used_idx", "recvmsg", "roll_back");

  private LivelockCriteria() {}

  static List<Criterion> of(Facts facts, Settings settings) {
    Evidence evidence = facts.freshEvidence();
    List<Criterion> criteria = new ArrayList<>();
    criteria.add(passes(facts, settings));
    criteria.add(usedIdx(facts, settings));
    criteria.add(recvmsg(evidence));
    criteria.add(mergeable(facts));
    criteria.add(rollBack(facts));
    criteria.add(enableNotify(evidence));
    criteria.add(peek(evidence));
    criteria.add(heads(evidence, facts.censusLatest()));
    criteria.add(getRxBufs(evidence));
    criteria.add(cpu(facts, settings));
    return criteria;
  }

  /**
   * Returns whether they make a livelock: on a kernel that is known not to have the bug, only if a
   * capture shows it all the same. Else: none is contradicted; the used index is known to stand
   * still; and it is known that packets are not received and dropped one by one, which gives
   * descriptors back as well. The CPU share may be low, for a limit or a busy host lower it, where
   * a capture shows the bug itself, or passes come faster than kicks do: else a worker that sleeps
   * between its passes may be one that a starved guest kicks, on a kernel without the bug. The
   * heads may differ where a capture shows the bug, and that nothing is received: the guest may
   * post some buffers meanwhile, though not enough.
   */
  static boolean livelocked(Facts facts, List<Criterion> criteria, Settings settings) {
    boolean bug = outcome(criteria, "enable_notify") == Outcome.MET;
    if (settings.fixedKernel() && !bug) {
      return false;
    }
    boolean fast = facts.passesFast();
    boolean nothing = outcome(criteria, "recvmsg") == Outcome.MET;
    Set<String> excused = new HashSet<>();
    if (bug || fast) {
      excused.add("worker_cpu");
    }
    if (bug && nothing) {
      excused.add("heads");
    }
    return criteria.stream()
            .noneMatch(c -> c.outcome() == Outcome.NOT_MET && !excused.contains(c.id()))
        && outcome(criteria, "used_idx") == Outcome.MET
        && (outcome(criteria, "mergeable") == Outcome.MET
            || outcome(criteria, "recvmsg") == Outcome.MET);
  }

  /** Returns HIGH if all that was measured agrees and none of the decisive ones is missing. */
  static Confidence confidence(List<Criterion> criteria) {
    boolean agree = criteria.stream().noneMatch(c -> c.outcome() == Outcome.NOT_MET);
    boolean decided = DECISIVE.stream().allMatch(id -> outcome(criteria, id) == Outcome.MET);
    return agree && decided ? Confidence.HIGH : Confidence.MEDIUM;
  }

  private static Outcome outcome(List<Criterion> criteria, String id) {
    return criteria.stream()
        .filter(c -> c.id().equals(id))
        .findFirst()
        .map(Criterion::outcome)
        .orElse(Outcome.NOT_MEASURABLE);
  }

  private static Criterion passes(Facts facts, Settings settings) {
    if (!facts.active) {
      return Criterion.unmeasured(
          "passes",
          facts.sentinelSpeaks
              ? "no pass was counted yet"
              : "passes are not counted now: no probe is attached");
    }
    double rate = facts.passesPerSecond();
    return Criterion.of(
        "passes",
        rate >= settings.minPassesPerSecond(),
        format(
            ROOT,
            "passes go on: %.0f a second (at least %.0f)",
            rate,
            settings.minPassesPerSecond()));
  }

  private static Criterion usedIdx(Facts facts, Settings settings) {
    boolean lasts = facts.spinNanos() >= settings.confirmNanos();
    String how =
        format(
            ROOT,
            "for %.1f s (at least %.1f)",
            facts.spinNanos() / 1e9,
            settings.confirmNanos() / 1e9);
    SpinCounters spin = facts.spinLatest();
    CensusQueue queue = facts.censusLatest();
    if (facts.active && spin != null) {
      String what =
          spin.indices()
              ? "the used index stands still at " + spin.usedIdx()
              : "nothing is signalled as used";
      return Criterion.of("used_idx", lasts, what + " " + how);
    }
    if (queue != null && facts.stillNanos() > 0) {
      return Criterion.of(
          "used_idx", lasts, "the used index stands still at " + queue.lastUsedIdx() + " " + how);
    }
    return Criterion.unmeasured("used_idx", "the used index was not read twice");
  }

  private static Criterion recvmsg(@Nullable Evidence evidence) {
    if (evidence == null || evidence.recvmsg() < 0) {
      return Criterion.unmeasured("recvmsg", "whether packets are received: no capture of it");
    }
    return Criterion.of(
        "recvmsg",
        evidence.recvmsg() == 0,
        format(
            ROOT,
            "nothing is received from the socket: %d calls in %d passes",
            evidence.recvmsg(),
            evidence.passes()));
  }

  private static Criterion mergeable(Facts facts) {
    SpinCounters spin = facts.spinLatest();
    // The census may be of a time before the guest's driver came up.
    if (facts.active && spin != null && spin.indices()) {
      return Criterion.of(
          "mergeable",
          true,
          "the guest negotiated mergeable buffers: passes of others are not counted");
    }
    CensusQueue queue = facts.censusLatest();
    return queue == null
        ? Criterion.unmeasured("mergeable", "the queue's features are not known yet: no census")
        : Criterion.of(
            "mergeable",
            queue.mergeable(),
            queue.mergeable()
                ? "the guest negotiated mergeable buffers"
                : "the guest did not negotiate mergeable buffers: too large a packet is dropped");
  }

  private static Criterion rollBack(Facts facts) {
    SpinCounters spin = facts.spinLatest();
    if (!facts.active || spin == null || !spin.indices()) {
      return Criterion.unmeasured("roll_back", "the indices after a roll-back were not read");
    }
    return Criterion.of(
        "roll_back",
        spin.rewoundAvailIdx() != spin.availIdx(),
        format(
            ROOT,
            "after each roll-back avail_idx %d differs from last_avail_idx %d",
            spin.availIdx(),
            spin.rewoundAvailIdx()));
  }

  /**
   * What the bug is: vhost says that there are new buffers. A fixed kernel says that there are
   * none, and its worker goes on only because the guest kicks it.
   */
  private static Criterion enableNotify(@Nullable Evidence evidence) {
    if (evidence == null || evidence.enableNotify().isEmpty()) {
      return Criterion.unmeasured("enable_notify", "returns of vhost_enable_notify: not captured");
    }
    SortedMap<Long, Long> returns = evidence.enableNotify();
    long all = returns.values().stream().mapToLong(Long::longValue).sum();
    long more = all - returns.getOrDefault(0L, 0L);
    return Criterion.of(
        "enable_notify",
        more >= EVERY_PASS * all,
        format(ROOT, "vhost_enable_notify says \"new buffers\" %d times of %d", more, all));
  }

  private static Criterion peek(@Nullable Evidence evidence) {
    if (evidence == null || evidence.peek().isEmpty()) {
      return Criterion.unmeasured("peek", "the packet's length was not captured");
    }
    SortedMap<Long, Long> peek = evidence.peek();
    return peek.size() == 1
        ? Criterion.of(
            "peek", peek.firstKey() > 0, "the same packet each pass: " + peek.firstKey() + " bytes")
        : Criterion.of("peek", false, "packets of " + peek.size() + " lengths went by");
  }

  private static Criterion heads(@Nullable Evidence evidence, @Nullable CensusQueue queue) {
    if (evidence == null || evidence.descriptors().isEmpty()) {
      return Criterion.unmeasured("heads", "the descriptors' heads were not captured");
    }
    // Probes are attached one after the other, so that counts of different probes do not compare.
    // Those of one probe do: what is fetched in each pass, the return that says "empty" included,
    // is fetched equally often.
    SortedMap<Long, Long> heads = new TreeMap<>(evidence.descriptors().tailMap(0L));
    Long empty = heads.remove(queue == null ? -1L : (long) queue.num());
    long least = heads.values().stream().mapToLong(Long::longValue).min().orElse(0);
    long most = heads.values().stream().mapToLong(Long::longValue).max().orElse(0);
    if (queue != null && queue.inOrder() && empty != null && evenly(least, most)) {
      long fetched = heads.values().stream().mapToLong(Long::longValue).sum();
      long each = queue.postedBuffers() * empty;
      boolean more = heads.size() > queue.postedBuffers();
      if (more && evenly(Math.min(fetched, each), Math.max(fetched, each))) {
        return Criterion.of(
            "heads",
            true,
            format(
                ROOT,
                "%d heads each pass, on and on through %d: this kernel does not rewind IN_ORDER",
                queue.postedBuffers(),
                heads.size()));
      }
    }
    if (empty != null) {
      least = Math.min(least, empty);
      most = Math.max(most, empty);
    }
    return Criterion.of(
        "heads",
        !heads.isEmpty() && evenly(least, most),
        format(
            ROOT, "the same %d heads each pass: each %d to %d times", heads.size(), least, most));
  }

  private static boolean evenly(long least, long most) {
    return least >= EVERY_PASS * most - 2;
  }

  private static Criterion getRxBufs(@Nullable Evidence evidence) {
    if (evidence == null || evidence.getRxBufs().isEmpty()) {
      return Criterion.unmeasured("get_rx_bufs", "returns of get_rx_bufs were not captured");
    }
    SortedMap<Long, Long> returns = evidence.getRxBufs();
    return Criterion.of(
        "get_rx_bufs",
        returns.size() == 1 && returns.firstKey() == 0,
        "get_rx_bufs returns only 0: "
            + returns
            + (evidence.getRxBufsDerived() ? " (derived)" : ""));
  }

  private static Criterion cpu(Facts facts, Settings settings) {
    if (Double.isNaN(facts.share)) {
      return Criterion.unmeasured("worker_cpu", "the worker's CPU time is not known");
    }
    if (facts.waitsUncounted()) {
      return Criterion.unmeasured(
          "worker_cpu", "the worker wants a CPU, and its wait is not counted yet");
    }
    String uses =
        format(
            ROOT,
            "the worker uses %.0f %% of a CPU (at least %.0f)",
            facts.share * 100,
            settings.busyShare() * 100);
    // One that others keep from its CPU spins no less.
    return Criterion.of(
        "worker_cpu",
        facts.wouldBeBusy(),
        facts.busy()
            ? uses
            : uses + format(ROOT, " and waits for one %.0f %% of the time", facts.waits * 100));
  }
}
