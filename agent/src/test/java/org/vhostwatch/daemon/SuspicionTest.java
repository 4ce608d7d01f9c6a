package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.Confidence;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.report.Samples;

class SuspicionTest {

  private static final long SECOND = 1_000_000_000L;

  private final Suspicion suspicion = new Suspicion(0.5);

  private static QueueVerdict is(Verdict verdict, int tid, double share) {
    return new QueueVerdict(
        tid,
        tid,
        verdict,
        Confidence.HIGH,
        "",
        List.of(),
        1,
        share,
        1,
        1,
        1,
        Samples.worker(tid, 1, 0),
        null,
        null,
        null);
  }

  /** The seconds at which the sentinel came, where it attaches two seconds after it is wanted. */
  private List<Long> comes(List<QueueVerdict> verdicts, long from, long to) {
    List<Long> seconds = new ArrayList<>();
    long since = -1;
    for (long second = from; second <= to; second++) {
      boolean attached = since >= 0 && second - since >= 2;
      boolean wanted = suspicion.wanted(verdicts, attached, second * SECOND);
      if (wanted && since < 0) {
        seconds.add(second);
      }
      since = wanted ? (since < 0 ? second : since) : -1;
    }
    return seconds;
  }

  @Test
  void nothingComesForWorkersThatAreNotBusy() {
    assertThat(comes(List.of(is(Verdict.HEALTHY, 7, 0.3)), 0, 4000)).isEmpty();
    assertThat(comes(List.of(is(Verdict.HEALTHY, 7, Double.NaN)), 4000, 4100)).isEmpty();
  }

  @Test
  void aBusyWorkerIsLookedAtEverMoreRarely() {
    List<Long> seconds = comes(List.of(is(Verdict.BUSY, 7, 0.9)), 0, 7000);
    List<Long> pauses = new ArrayList<>();
    for (int i = 1; i < seconds.size(); i++) {
      pauses.add(seconds.get(i) - seconds.get(i - 1) - 22);
    }
    assertThat(pauses).containsExactly(60L, 120L, 240L, 480L, 960L, 1800L, 1800L);
  }

  @Test
  void anotherWorkerThatGetsBusyIsLookedAtInTheMeantime() {
    comes(List.of(is(Verdict.BUSY, 7, 0.9)), 0, 40);
    assertThat(comes(List.of(is(Verdict.BUSY, 7, 0.9), is(Verdict.BUSY, 8, 0.9)), 41, 41))
        .containsExactly(41L);
  }

  @Test
  void aStallWhoseWorkerIsAwakeIsLookedAtAgainBeforeWhatWasToldIsOld() {
    for (int tid : new int[] {1, 9}) {
      List<QueueVerdict> stalled = List.of(is(Verdict.STALLED, tid, tid / 10.0));
      List<Long> seconds = comes(stalled, 2000L * tid, 2000L * tid + 1000);
      assertThat(seconds).hasSizeGreaterThan(10);
      for (int i = 1; i < seconds.size(); i++) {
        assertThat(seconds.get(i) - seconds.get(i - 1)).isEqualTo(82);
      }
    }
  }

  @Test
  void aStallWhoseWorkerSleepsNeedsNoSentinel() {
    assertThat(comes(List.of(is(Verdict.STALLED, 7, 0.01)), 0, 1000)).isEmpty();
  }

  @Test
  void whatACensusTellsNeedsNoPatience() {
    comes(List.of(is(Verdict.BUSY, 7, 0.9)), 0, 40);
    assertThat(comes(List.of(is(Verdict.LIVELOCKED, 7, 0.9)), 41, 41)).containsExactly(41L);
  }

  @Test
  void itStaysWhileSomethingSpins() {
    assertThat(comes(List.of(is(Verdict.LIVELOCKED, 7, 1)), 0, 5000)).containsExactly(0L);
    assertThat(suspicion.wanted(List.of(is(Verdict.HEALTHY, 7, 0)), true, 5001 * SECOND)).isTrue();
    assertThat(suspicion.wanted(List.of(is(Verdict.HEALTHY, 7, 0)), true, 5022 * SECOND)).isFalse();
  }

  @Test
  void oneThatDoesNotAttachIsNotWaitedForForEver() {
    long wanted = 0;
    for (long second = 0; second < 500; second++) {
      wanted += suspicion.wanted(List.of(is(Verdict.BUSY, 7, 1)), false, second * SECOND) ? 1 : 0;
    }
    assertThat(wanted).isEqualTo(440);
  }
}
