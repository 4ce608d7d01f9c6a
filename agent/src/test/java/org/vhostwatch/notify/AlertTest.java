package org.vhostwatch.notify;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.IncidentSamples;

class AlertTest {
  private static final long WALL = 1_795_000_000_000L;

  /** As the samples have them: of the last of their livelocks. */
  private static final long FIRST_SIGN = WALL + 70_000;

  private static final long ENDED = WALL + 91_000;
  private static final long HOUR = 3_600_000;

  private static String json(Incident.State state, long now) {
    Incident incident = IncidentSamples.full(IncidentSamples.ID, "web01", "vnet3", state, WALL);
    return Alert.json(List.of(new Alert(incident)), "kvm7", now, now + 240_000);
  }

  private static String times(long start, long end) {
    return "\"startsAt\":\""
        + Instant.ofEpochMilli(start)
        + "\",\"endsAt\":\""
        + Instant.ofEpochMilli(end)
        + "\"";
  }

  @Test
  void whatLastsBeganWithTheFirstSignAndEndsUnlessItIsToldAgain() {
    long now = FIRST_SIGN + 20_000;
    assertThat(json(Incident.State.OPEN, now)).contains(times(FIRST_SIGN, now + 240_000));
  }

  @Test
  void whatIsOverEndedWhenItDid() {
    assertThat(json(Incident.State.CLOSED, ENDED + 5000)).contains(times(FIRST_SIGN, ENDED));
  }

  @Test
  void aClockThatWasSetBackMakesNoAlertLastForAsLongAsThat() {
    long now = FIRST_SIGN - HOUR;
    assertThat(json(Incident.State.OPEN, now)).contains(times(now - 1, now + 240_000));
    assertThat(json(Incident.State.CLOSED, now)).contains(times(now - 1, now));
  }

  @Test
  void norOneThatWasSetBackInTheMiddle() {
    long now = FIRST_SIGN + 1000;
    assertThat(json(Incident.State.CLOSED, now)).contains(times(FIRST_SIGN, now));
  }
}
