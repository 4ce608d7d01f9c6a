package org.vhostwatch.daemon;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.incident.Stored;
import org.vhostwatch.incident.Transcript;
import org.vhostwatch.probe.Census;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.EvidencePlan;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.ProgramRuns;
import org.vhostwatch.probe.WorkerStacks;
import org.vhostwatch.snapshot.OwnCost;

/** What the threads that run bpftrace tell the loop. */
sealed interface Incoming {

  /** The host was looked over again: at the start, and after a module came or went. */
  record Kit(ProbeKit kit) implements Incoming {}

  /**
   * The sentinel is attached.
   *
   * @param run counts the starts: lines of an older run are stale
   */
  record Attached(long run, boolean indices) implements Incoming {}

  /** Somebody wants a picture of now. */
  record Asked() implements Incoming {}

  /** A line of the sentinel. */
  record Line(long run, String text) implements Incoming {

    /** A longer one says more than that. */
    private static final int MAX_CALM = 80;

    /** Returns whether it says that nothing has spun since the last frame. */
    boolean calm() {
      return text.length() <= MAX_CALM && text.contains("\"calm ");
    }
  }

  /** The sentinel is gone, or did not come. */
  record Detached(long run, String trouble) implements Incoming {}

  /**
   * A census was taken.
   *
   * @param lines its raw lines
   */
  record Counted(Census census, Transcript lines) implements Incoming {}

  /** A census failed. */
  record CensusFailed(String trouble) implements Incoming {}

  /**
   * A capture ended; without trouble it has evidence of each queue that spun.
   *
   * @param stacks where the captured workers were, whether a queue of theirs spun or not
   * @param plan what it measured, if it came to that
   * @param lines its raw lines, if it came to that
   * @param around what went on around the queues meanwhile
   */
  record Captured(
      List<Evidence> evidence,
      List<WorkerStacks> stacks,
      String trouble,
      Optional<EvidencePlan> plan,
      Optional<Transcript> lines,
      List<Surroundings> around)
      implements Incoming {

    static Captured failed(String trouble) {
      return new Captured(
          List.of(), List.of(), trouble, Optional.empty(), Optional.empty(), List.of());
    }
  }

  /** The incidents of the agent before were read, as far as they could be. */
  record Remembered(Stored stored) implements Incoming {}

  /**
   * What watching costs was measured.
   *
   * @param runs what the sentinel's programs cost, by probe; empty when the kernel does not count
   * @param trouble why probing pauses, empty if it does not
   */
  record Cost(OwnCost own, Map<String, ProgramRuns.Runs> runs, String trouble)
      implements Incoming {}

  /** The operator wants other limits from now on. */
  record Changed(DaemonOptions options) implements Incoming {}

  /** The loop has to end: it need not wait for its next cycle. */
  record Stop() implements Incoming {}
}
