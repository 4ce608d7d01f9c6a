package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.log.Logging;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.QueueStatus;

class AnnouncerTest {

  private static final long VQ = 0xffff8880206800c0L;
  private static final long SECOND = 1_000_000_000L;

  private final LogRing log = LogRing.attach();
  private final Announcer announcer = new Announcer();

  @BeforeEach
  void nothingWasSaidBefore() {
    Logging.finish();
  }

  private static QueueStatus status(QueueVerdict verdict) {
    TapPort port = new TapPort("vnet3", 12, "br0", 4026531840L, 1, true);
    return new QueueStatus("web01", Optional.empty(), port, verdict, 0);
  }

  private static QueueStatus livelocked() {
    return status(Samples.livelocked(VQ, 7, 8, "vnet3", 1));
  }

  private static QueueStatus healthy() {
    return status(Samples.healthy(VQ, 7, 8, "vnet3", 1));
  }

  /** Returns what was said of the queue, without the time. */
  private List<String> said() {
    return log.lines(VQ, "web01", "vnet3", 0, 0).stream()
        .filter(line -> line.vq() == VQ)
        .map(line -> line.text().replaceFirst("^\\S+ ", ""))
        .toList();
  }

  @Test
  void aLivelockIsSaidOnceWhenItBeginsAndWhenItEnds() {
    assertThat(announcer.queues(List.of(livelocked()), 1).recovered()).isEmpty();
    assertThat(announcer.queues(List.of(livelocked()), 2).recovered()).isEmpty();
    assertThat(announcer.queues(List.of(healthy()), 3))
        .isEqualTo(new Announcer.Over(Set.of(VQ), Set.of()));
    assertThat(announcer.queues(List.of(healthy()), 4).recovered()).isEmpty();
    assertThat(said()).hasSize(2);
    assertThat(said().get(0))
        .startsWith(
            "crit livelock-begins vm=web01 tap=vnet3 queue=1 tid=8: LIVELOCKED (confidence high):"
                + " the worker spins ");
    assertThat(said().get(1))
        .isEqualTo(
            "notice livelock-ends vm=web01 tap=vnet3 queue=1 tid=8: LIVELOCKED ended: it is HEALTHY"
                + " now");
  }

  @Test
  void whatIsUnknownHasNotRecoveredUntilMoreIsKnown() {
    long vq = VQ + 0x10000;
    QueueStatus livelocked = status(Samples.livelocked(vq, 7, 8, "vnet3", 1));
    QueueStatus healthy = status(Samples.healthy(vq, 7, 8, "vnet3", 1));
    QueueStatus unknown = status(Samples.verdict(vq, 8, Verdict.UNKNOWN, 0, null));
    announcer.queues(List.of(livelocked), 1);
    assertThat(announcer.queues(List.of(unknown), 2).recovered()).isEmpty();
    assertThat(announcer.queues(List.of(livelocked), 3).recovered()).as("it went on").isEmpty();
    assertThat(announcer.queues(List.of(unknown), 4).recovered()).isEmpty();
    assertThat(announcer.queues(List.of(healthy), 5).recovered()).containsExactly(vq);
    assertThat(announcer.queues(List.of(livelocked), 6).recovered()).isEmpty();
    assertThat(announcer.queues(List.of(healthy), 7).recovered()).containsExactly(vq);
  }

  @Test
  void aGuestThatStartsIsNoNewsUntilItHasHadAMinute() {
    QueueStatus starts = status(Samples.notBroughtUp(VQ, 7, 8, "vnet3", 1));
    announcer.queues(List.of(starts), SECOND);
    announcer.queues(List.of(starts), 59 * SECOND);
    assertThat(said()).isEmpty();
    announcer.queues(List.of(starts), 62 * SECOND);
    announcer.queues(List.of(starts), 63 * SECOND);
    assertThat(said()).hasSize(1);
    assertThat(said().get(0)).contains("STALLED");
  }

  @Test
  void aGuestThatIsLateNowAndThenIsSaidSoEverMoreRarely() {
    QueueStatus spins = status(Samples.verdict(VQ, 8, Verdict.SPINNING, 1, null));
    for (int second = 0; second < 1_000; second += 20) {
      announcer.queues(List.of(spins), second * SECOND);
      announcer.queues(List.of(healthy()), (second + 10) * SECOND);
      // What is alike and comes at once is one line else.
      Logging.finish();
    }
    // At 0, 60, 180, 420 and 900.
    assertThat(said()).hasSize(5);
    announcer.queues(List.of(healthy()), 5_000 * SECOND);
    announcer.queues(List.of(spins), 5_001 * SECOND);
    Logging.finish();
    announcer.queues(List.of(healthy()), 5_002 * SECOND);
    announcer.queues(List.of(spins), 5_062 * SECOND);
    assertThat(said()).as("it had been quiet").hasSize(7);
  }

  @Test
  void aQueueThatIsGoneIsNamedStill() {
    announcer.queues(List.of(livelocked()), 1);
    assertThat(announcer.queues(List.of(), 2)).isEqualTo(new Announcer.Over(Set.of(), Set.of(VQ)));
    assertThat(said().get(1))
        .isEqualTo(
            "notice livelock-ends vm=web01 tap=vnet3 queue=1 tid=8: LIVELOCKED ended: the queue is"
                + " gone");
    assertThat(announcer.queues(List.of(), 3).gone()).isEmpty();
  }

  @Test
  void troublesAreSaidOnceAndTheirEnd() {
    announcer.troubles(List.of("no bpftrace"));
    announcer.troubles(List.of("no bpftrace", "no BTF"));
    announcer.troubles(List.of());
    announcer.troubles(List.of());
    assertThat(log.lines(0, "", "", 0, 0))
        .extracting(line -> line.text().replaceFirst("^\\S+ ", ""))
        .containsExactly(
            "warning trouble-begins: no bpftrace",
            "warning trouble-begins: no BTF",
            "notice trouble-ends: nothing is in the way any more");
  }
}
