package org.vhostwatch.daemon;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/**
 * Says when probing must pause because the agent uses too much, and when it may go on. Knows no
 * clock: times are arguments, in monotonic nanoseconds.
 *
 * <p>CPU time is looked at over a window that is long enough for the burst of a start or a capture
 * not to matter; memory must be too much for a while, because a census and a capture beside the
 * resident bpftrace are normal. After a pause everything is measured anew.
 */
final class Ceiling {

  static final Duration WINDOW = Duration.ofMinutes(5);

  /** A capture and a census beside the sentinel are over by then. */
  static final Duration PATIENCE = Duration.ofMinutes(1);

  static final Duration FIRST_PAUSE = Duration.ofMinutes(1);
  static final Duration LONGEST_PAUSE = Duration.ofMinutes(30);

  private static final double MEBI = 1 << 20;

  private record Sample(long at, long cpuNanos) {}

  private CeilingOptions limits;
  private final Deque<Sample> samples = new ArrayDeque<>();
  private Duration pause = Duration.ZERO;
  private boolean over;
  private boolean heavy;
  private long heavySince;
  private long changedAt;
  private String reason = "";
  private long hits;

  Ceiling(CeilingOptions limits) {
    this.limits = limits;
  }

  /** From now on these limits count. Others than before are a fresh start: a pause is over. */
  void change(CeilingOptions next) {
    if (!next.equals(limits)) {
      limits = next;
      over = false;
      reason = "";
      pause = Duration.ZERO;
      samples.clear();
      heavy = false;
    }
  }

  /**
   * Takes a measurement of the agent and all that it started, together.
   *
   * @param cpuNanos CPU time since the start, without what answers to clients took
   */
  void take(long cpuNanos, long residentBytes, long now) {
    if (over) {
      if (now - changedAt < pause.toNanos()) {
        return;
      }
      over = false;
      reason = "";
      changedAt = now;
      samples.clear();
      heavy = false;
    }
    // What went well for as long as the longest pause is no continuation of what did not.
    if (!pause.isZero() && now - changedAt >= LONGEST_PAUSE.toNanos()) {
      pause = Duration.ZERO;
    }
    String what = excess(cpuNanos, residentBytes, now);
    if (!what.isEmpty()) {
      over = true;
      changedAt = now;
      hits++;
      pause = pause.isZero() ? FIRST_PAUSE : Pause.longer(pause, LONGEST_PAUSE);
      reason = what;
    }
  }

  /** Returns whether probing must pause now. */
  boolean over() {
    return over;
  }

  /** Returns how often it had to since the start. */
  long hits() {
    return hits;
  }

  /** Returns why it must, with figures; stays the same for the pause, and is empty without one. */
  String trouble() {
    return over
        ? "over the ceiling: "
            + reason
            + ": probes are detached, and no census and no capture is started, for "
            + pause.toMinutes()
            + " min"
        : "";
  }

  /** Returns what is too much, empty if nothing is. */
  private String excess(long cpuNanos, long residentBytes, long now) {
    samples.addLast(new Sample(now, cpuNanos));
    // The youngest of those that are too old stays: without it the window would not be covered.
    while (samples.size() > 2 && now - second().at() >= WINDOW.toNanos()) {
      samples.removeFirst();
    }
    Sample oldest = samples.getFirst();
    // Over the whole window, although it may be younger: the first minute may cost more.
    double window = Math.max(WINDOW.toNanos(), now - oldest.at());
    double share = (cpuNanos - oldest.cpuNanos()) / window;
    if (limits.cpuShare() > 0 && share > limits.cpuShare()) {
      return String.format(
          Locale.ROOT,
          "agent and bpftrace used %.1f %% of one CPU in %d min, allowed are %.1f %% (--max-cpu)",
          100 * share,
          WINDOW.toMinutes(),
          100 * limits.cpuShare());
    }
    if (limits.residentBytes() == 0 || residentBytes <= limits.residentBytes()) {
      heavy = false;
      return "";
    }
    if (!heavy) {
      heavy = true;
      heavySince = now;
    }
    return now - heavySince < PATIENCE.toNanos()
        ? ""
        : String.format(
            Locale.ROOT,
            "agent and bpftrace hold %.0f MiB of memory, allowed are %.0f MiB (--max-memory)",
            residentBytes / MEBI,
            limits.residentBytes() / MEBI);
  }

  private Sample second() {
    return samples.stream().skip(1).findFirst().orElseThrow();
  }
}
