package org.vhostwatch.incident;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import org.vhostwatch.state.Sha256;

/** Names incidents: by the time of the first sign and a hash, nothing of which a VM has chosen. */
final class IncidentId {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private IncidentId() {}

  /**
   * Returns the id of a new incident.
   *
   * @param first its first livelock
   * @param taken ids that others have
   */
  static String of(QueueIdentity queue, Occurrence first, Set<String> taken) {
    String time = TIME.format(Instant.ofEpochMilli(first.firstSign()));
    for (int attempt = 0; ; attempt++) {
      String id =
          time
              + "-"
              + hash(
                  queue.bootId()
                      + ' '
                      + queue.vq()
                      + ' '
                      + queue.workerTid()
                      + ' '
                      + queue.workerStartTicks()
                      + ' '
                      + first.firstSign()
                      + ' '
                      + first.confirmed()
                      + ' '
                      + attempt);
      if (!taken.contains(id)) {
        return id;
      }
    }
  }

  private static String hash(String text) {
    return HexFormat.of().formatHex(Sha256.of(text), 0, 4);
  }
}
