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
}
