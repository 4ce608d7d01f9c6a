package org.vhostwatch.detect;

import java.util.List;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.Census;
import org.vhostwatch.probe.Evidence;
import org.vhostwatch.probe.SentinelFrame;

/** Something that was seen. Immutable; the time is given beside it. */
public sealed interface Observation {

  /**
   * All vhost workers of the host, with the CPU time that each has used.
   *
   * @param readBy when all of them had been read, which may be seconds after it was begun
   */
  record Workers(List<Worker> workers, long readBy) implements Observation {
    public Workers {
      workers = List.copyOf(workers);
    }
  }

  /**
   * All vhost_net queues of the host.
   *
   * @param readAt when the kernel was read, or somewhat before that; a census takes seconds to end
   */
  record Queues(Census census, long readAt) implements Observation {}

  /** A frame of the sentinel, or of a capture, which counts passes the same way. */
  record Spins(SentinelFrame frame) implements Observation {}

  /** The sentinel is no longer attached: from here on its silence means nothing. */
  record SentinelLost() implements Observation {}

  /** What a targeted capture saw. */
  record Capture(List<Evidence> evidence) implements Observation {
    public Capture {
      evidence = List.copyOf(evidence);
    }
  }
}
