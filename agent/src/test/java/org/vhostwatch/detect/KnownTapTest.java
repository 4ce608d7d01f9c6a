package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.History.Queue;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.probe.CensusQueue;

/** Which tap a queue has, over censuses that know it and others that guess. */
class KnownTapTest {

  private final History history = new History();
  private final Queue queue = history.queue(0xffff888012340000L, 178, 183);

  @Test
  void theTapThatTheKernelToldStaysWhileTheGuestReboots() {
    history.census();
    queue.backend = CensusQueue.Backend.NONE;
    queue.port = new TapPort("tap9", 9, "br0", 4_026_531_840L, 0, false);
    history.during(1).census();
    assertThat(tap()).as("another is guessed").isEqualTo("tap183 br0 0 true");
    queue.port = new TapPort("renamed", 7, "br1", 4_026_531_840L, 1, false);
    history.during(1).census();
    assertThat(tap()).as("the same, renamed").isEqualTo("renamed br1 0 true");
    queue.backend = CensusQueue.Backend.TUN;
    queue.port = new TapPort("tap9", 9, "", 4_026_531_840L, 0, true);
    history.during(1).census();
    assertThat(tap()).as("the kernel says otherwise").isEqualTo("tap9  0 true");
  }

  private String tap() {
    TapPort port = Objects.requireNonNull(history.verdict(queue).queue()).port();
    return port.name() + " " + port.master() + " " + port.queueIndex() + " " + port.exact();
  }
}
