package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InboxTest {

  private final Inbox inbox = new Inbox();

  @Test
  void aFloodOfLinesIsCutAndWhatElseIsSaidIsNot() throws InterruptedException {
    for (int i = 0; i < Inbox.MAX_LINES + 10; i++) {
      inbox.add(new Incoming.Line(1, "x"));
    }
    inbox.add(new Incoming.Stop());
    assertThat(inbox.size()).isEqualTo(Inbox.MAX_LINES + 1);
    assertThat(inbox.dropped()).isEqualTo(10);
    Incoming last = null;
    for (Incoming next = inbox.poll(0); next != null; next = inbox.poll(0)) {
      last = next;
    }
    assertThat(last).isEqualTo(new Incoming.Stop());
  }

  @Test
  void longLinesAreCutByTheirSizeUntilTheyAreTaken() throws InterruptedException {
    Incoming.Line megabyte = new Incoming.Line(1, "x".repeat(1 << 20));
    for (int i = 0; i < 6; i++) {
      inbox.add(megabyte);
    }
    assertThat(inbox.size()).isEqualTo(4);
    assertThat(inbox.dropped()).isEqualTo(2);
    assertThat(inbox.poll(0)).isEqualTo(megabyte);
    inbox.add(megabyte);
    assertThat(inbox.size()).isEqualTo(4);
    assertThat(inbox.dropped()).isEqualTo(2);
  }

  @Test
  void thatAllIsCalmWaitsForWhatElseWakesTheLoop() throws InterruptedException {
    inbox.add(calm(1));
    inbox.add(calm(2));
    assertThat(inbox.size()).isZero();
    assertThat(inbox.poll(1_000_000)).as("nobody woke it").isEqualTo(calm(2));
    assertThat(inbox.poll(0)).isNull();
    inbox.add(calm(3));
    inbox.add(new Incoming.Line(1, "tick"));
    inbox.add(calm(4));
    assertThat(inbox.poll(0)).as("in the order they came").isEqualTo(calm(3));
    assertThat(inbox.poll(0)).isEqualTo(new Incoming.Line(1, "tick"));
    assertThat(inbox.poll(0)).isEqualTo(calm(4));
    assertThat(inbox.poll(0)).isNull();
  }

  @Test
  void aLongLineIsNotCalmWhateverItSays() {
    Incoming.Line line = new Incoming.Line(1, calm(1).text() + " ".repeat(100));
    for (int i = 0; i < Inbox.MAX_LINES + 10; i++) {
      inbox.add(line);
    }
    assertThat(inbox.dropped()).isEqualTo(10);
  }

  private static Incoming.Line calm(long nanos) {
    return new Incoming.Line(1, "{\"type\": \"printf\", \"data\": \"calm " + nanos + "\\n\"}");
  }
}
