package org.vhostwatch.incident;

import java.util.List;
import java.util.Optional;

/**
 * What was seen of the queue at one moment of the incident.
 *
 * @param when which of the looks it is
 * @param wallMillis when it was taken, milliseconds since 1970
 * @param captured whether a capture made for it is in it; false if none could be had in time
 * @param queue the queue as one JSON object, as all reports write it
 * @param text the same as the lines that {@code diagnose} prints
 * @param surroundings what was around the queue (the VMM, the worker's CPU, the tap, other queues)
 *     as one JSON object, if it was looked at
 */
public record Look(
    When when,
    long wallMillis,
    boolean captured,
    String queue,
    List<String> text,
    Optional<String> surroundings) {

  public Look {
    text = List.copyOf(text);
  }

  /** When a look is due. */
  public enum When {
    ONSET("onset", 0),
    AFTER_1_MINUTE("1m", 60_000),
    AFTER_10_MINUTES("10m", 600_000),
    AFTER_60_MINUTES("60m", 3_600_000);

    private final String id;
    private final long afterMillis;

    When(String id, long afterMillis) {
      this.id = id;
      this.afterMillis = afterMillis;
    }

    /** Returns the name in JSON. */
    public String id() {
      return id;
    }

    /** Returns how long after the confirmation it is due, in milliseconds. */
    long afterMillis() {
      return afterMillis;
    }
  }
}
