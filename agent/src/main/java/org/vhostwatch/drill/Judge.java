package org.vhostwatch.drill;

import java.util.Locale;

/**
 * Says what a measurement means. Pure: the same measurement gives the same sentence.
 *
 * <p>SPUN: the used index stood still although buffers were posted, and the worker used half of a
 * CPU or more. SLEPT: it stood still, the worker neither used nor waited for more than a tenth of a
 * CPU and was never found runnable, and the frame did arrive after the refill, so it had been
 * waiting. In between, as on a machine that is short of CPU or under a quota, nothing is said.
 */
final class Judge {
  private static final double SPINNING_SHARE = 0.5;
  private static final double SLEEPING_SHARE = 0.1;

  /** CPU time comes in steps of 10 ms: a shorter look proves nothing. */
  private static final double MIN_SECONDS = 1;

  private Judge() {}

  /**
   * A result and the sentence that explains it.
   *
   * @param result what was found
   * @param sentence with the numbers that led to it, for people
   */
  record Judgement(DrillResult result, String sentence) {}

  static Judgement judge(DrillOptions options, Measurement seen) {
    if (seen.workers().isEmpty()) {
      return inconclusive("no vhost worker thread of this device was found in /proc");
    }
    if (seen.seconds() < MIN_SECONDS) {
      return inconclusive(
          String.format(
              Locale.ROOT,
              "%s after %.1f s, 1 s is the least that can be measured",
              seen.interrupted() ? "interrupted" : "ended",
              seen.seconds()));
    }
    return options.behaviour().starves() ? starved(options, seen) : moving(options, seen);
  }

  private static Judgement starved(DrillOptions options, Measurement seen) {
    if (!seen.usedIndexStoodStill()) {
      return inconclusive(
          "the used index moved from %d to %d while one frame was to wait: other traffic on the tap?"
              .formatted(seen.onset().usedIndex(), seen.end().usedIndex()));
    }
    if (seen.cpuShare() >= SPINNING_SHARE) {
      return new Judgement(
          DrillResult.SPUN,
          "this kernel spins: %s with used index %d standing still (CVE-2026-74356: affected)"
              .formatted(cpu(seen), seen.end().usedIndex()));
    }
    if (seen.cpuShare() > SLEEPING_SHARE) {
      return inconclusive(cpu(seen) + ", too much for sleep and too little for a spin");
    }
    if (seen.cpuShare() + seen.waitedShare() > SLEEPING_SHARE || seen.runnableLooks() > 0) {
      return inconclusive(
          String.format(
              Locale.ROOT,
              "%s, waited for one %.0f %% of the time and was found runnable %d times: it may want"
                  + " more than others, or a quota, leave to it; try again when a CPU is free",
              cpu(seen),
              100 * seen.waitedShare(),
              seen.runnableLooks()));
    }
    if (!options.features().mergeable()) {
      return inconclusive(
          "without MRG_RXBUF a frame larger than a buffer is dropped and nothing waits; "
              + cpu(seen));
    }
    if (!seen.delivered()) {
      return inconclusive(
          "the frame did not arrive after the refill either, so it was not short of buffers; "
              + cpu(seen));
    }
    return slept(options, seen);
  }

  private static Judgement slept(DrillOptions options, Measurement seen) {
    String waiting =
        "%s while a %d-byte frame waited with %d of %d buffers posted"
            .formatted(
                cpu(seen), options.frameBytes(), seen.end().posted(), options.buffersPerFrame());
    if (seen.end().posted() == 0) {
      String stall = "the queue stalled: " + waiting + "; with none posted every kernel sleeps";
      return options.behaviour() == Behaviour.STARVED
          ? new Judgement(DrillResult.SLEPT, stall)
          : inconclusive("other traffic took all the buffers; " + waiting);
    }
    return new Judgement(
        DrillResult.SLEPT,
        "this kernel does not spin: " + waiting + " (CVE-2026-74356: not affected)");
  }

  private static Judgement moving(DrillOptions options, Measurement seen) {
    String guest = options.behaviour().label() + " guest";
    if (seen.delivered()) {
      return new Judgement(
          DrillResult.PROGRESSED,
          "no livelock with a %s: %s and packets arrived (CVE-2026-74356: not tested)"
              .formatted(guest, cpu(seen)));
    }
    return inconclusive("no packet reached the %s; %s".formatted(guest, cpu(seen)));
  }

  private static String cpu(Measurement seen) {
    String ids = String.join(", ", seen.workers().stream().map(String::valueOf).toList());
    return String.format(
        Locale.ROOT,
        "worker %s used %.0f %% CPU for %.1f s",
        ids,
        100 * seen.cpuShare(),
        seen.seconds());
  }

  private static Judgement inconclusive(String reason) {
    return new Judgement(DrillResult.INCONCLUSIVE, "cannot tell: " + reason);
  }
}
