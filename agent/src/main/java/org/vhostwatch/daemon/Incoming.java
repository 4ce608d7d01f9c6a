package org.vhostwatch.daemon;

import java.util.List;
import org.vhostwatch.probe.Census;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.ProbeKit;

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

  /** A line of the sentinel. */
  record Line(long run, String text) implements Incoming {}

  /** The sentinel is gone, or did not come. */
  record Detached(long run, String trouble) implements Incoming {}

  /** A census was taken. */
  record Counted(Census census) implements Incoming {}

  /** A census failed. */
  record CensusFailed(String trouble) implements Incoming {}

  /** A capture ended; without trouble it has evidence of each queue that spun. */
  record Captured(List<Evidence> evidence, String trouble) implements Incoming {}
}
