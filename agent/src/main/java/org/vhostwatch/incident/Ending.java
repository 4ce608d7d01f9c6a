package org.vhostwatch.incident;

import java.util.Locale;
import java.util.Optional;

/** How a livelock ended, as a census taken after it shows. */
public enum Ending {
  /** The used index moved: the guest posted enough buffers, or was reset. */
  REFILLED,
  /** The VMM took the tap away from the queue. */
  BACKEND_DETACHED,
  /** The queue is gone, the VMM lives. */
  DEVICE_CLOSED,
  /** The VMM is gone. */
  VM_GONE,
  /** The worker is stopped or frozen: nothing is solved, it spins again when it may run. */
  PAUSED,
  /** It ended, or may have, while no agent watched. */
  AGENT_STOPPED,
  /** It goes on in the record of the agent before, which could be read only later. */
  TAKEN_OVER,
  /** The host was started again. */
  HOST_REBOOTED,
  /** It is over, and no census could tell how. */
  UNKNOWN;

  /** Returns the name in JSON. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns whether nobody saw the end: it came at some time after the livelock was last seen. */
  boolean unwatched() {
    return this == AGENT_STOPPED || this == HOST_REBOOTED;
  }

  static Optional<Ending> of(String id) {
    for (Ending ending : values()) {
      if (ending.id().equals(id)) {
        return Optional.of(ending);
      }
    }
    return Optional.empty();
  }
}
