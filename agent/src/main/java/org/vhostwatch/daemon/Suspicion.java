package org.vhostwatch.daemon;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.WorkerId;

/**
 * In on-demand mode: says when the sentinel is wanted. A worker that is busy is looked at for a
 * while; where that shows no spin, it is left alone for longer each time. Knows no clock: times are
 * arguments, in monotonic nanoseconds.
 */
final class Suspicion {

  private static final long SECOND = 1_000_000_000L;

  /** How long the attached sentinel must have seen nothing. */
  private static final long LOOK = 20 * SECOND;

  /** A sentinel that is not attached by then, in its third attempt, does not come. */
  private static final long PATIENCE = 2 * Patience.MOST.toNanos() + 60 * SECOND;

  private static final long FIRST_PAUSE = 60 * SECOND;
  private static final long LONGEST_PAUSE = 1800 * SECOND;

  /**
   * What the looks at a worker came to.
   *
   * @param until when the next one may be
   */
  private record Pause(long until, long length) {}

  private final double busyShare;
  private final Map<WorkerId, Pause> pauses = new HashMap<>();
  private @Nullable Long began;
  private @Nullable Long quietSince;

  Suspicion(double busyShare) {
    this.busyShare = busyShare;
  }

  /**
   * Takes what is known now; returns whether the sentinel is wanted.
   *
   * @param attached whether it is attached
   */
  boolean wanted(List<QueueVerdict> verdicts, boolean attached, long now) {
    if (began == null && verdicts.stream().anyMatch(verdict -> due(verdict, now))) {
      began = now;
      quietSince = null;
    } else if (began != null) {
      boolean spins = verdicts.stream().anyMatch(Suspicion::spins);
      quietSince = !attached || spins ? null : quietSince == null ? now : quietSince;
      boolean seen = quietSince != null && now - quietSince >= LOOK;
      if (seen || (!attached && !spins && now - began >= PATIENCE)) {
        verdicts.forEach(verdict -> pause(verdict, now));
        pauses.values().removeIf(pause -> now - pause.until() >= LONGEST_PAUSE);
        began = null;
      }
    }
    return began != null;
  }

  private boolean due(QueueVerdict verdict, long now) {
    if (spins(verdict)) {
      return true;
    }
    Pause pause = verdict.worker() == null ? null : pauses.get(verdict.worker().id());
    return conspicuous(verdict) && (pause == null || now >= pause.until());
  }

  /**
   * Returns whether only a sentinel tells what the worker does: it is busy, or it serves a queue
   * that stands still, and does not sleep.
   */
  private boolean conspicuous(QueueVerdict verdict) {
    return verdict.cpuShare()
        >= (verdict.verdict() == Verdict.STALLED ? Settings.SLEEP_SHARE : busyShare);
  }

  /** Told by a census, which needs no sentinel: a pause does not count then. */
  private static boolean spins(QueueVerdict verdict) {
    return verdict.verdict() == Verdict.LIVELOCKED
        || verdict.verdict() == Verdict.SPINNING
        || (verdict.verdict() == Verdict.UNKNOWN && verdict.queue() != null);
  }

  private void pause(QueueVerdict verdict, long now) {
    if (verdict.worker() != null && conspicuous(verdict)) {
      // What was told of a stall is of no use after two minutes.
      boolean once = verdict.verdict() == Verdict.STALLED;
      pauses.merge(
          verdict.worker().id(),
          new Pause(now + FIRST_PAUSE, FIRST_PAUSE),
          (last, first) -> {
            // Of several queues of one worker, the first has said it.
            long length =
                once
                    ? FIRST_PAUSE
                    : last.until() > now
                        ? last.length()
                        : Math.min(2 * last.length(), LONGEST_PAUSE);
            return new Pause(now + length, length);
          });
    }
  }
}
