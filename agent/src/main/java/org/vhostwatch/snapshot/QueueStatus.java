package org.vhostwatch.snapshot;

import java.util.Optional;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;

/**
 * One RX queue.
 *
 * @param vm name of the VM, else of the process; hostile text, unescaped
 * @param vmm the process that runs it, if it could be read
 * @param port the tap end
 * @param verdict what is said of it and why
 * @param sinceWallMillis when the present spin or stall began, milliseconds since 1970; 0 if none
 */
public record QueueStatus(
    String vm, Optional<Vmm> vmm, TapPort port, QueueVerdict verdict, long sinceWallMillis) {

  /** Returns the tap's name, empty if not known; hostile text, unescaped. */
  public String tap() {
    return port.name();
  }

  /** Returns the queue pair's index, 0 if not known. */
  public int queue() {
    return Math.max(0, port.queueIndex());
  }
}
