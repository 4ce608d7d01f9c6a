package org.vhostwatch.drill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vhostwatch.drill.Judge.Judgement;

class JudgeTest {
  private static final DrillOptions LIVELOCK = options(Behaviour.LIVELOCK, 10, true);

  @Test
  void busyWorkerWithAStandingUsedIndexSpun() {
    Judgement judgement = Judge.judge(LIVELOCK, seen(1, 1, 10, 8.0, 0.99, true));
    assertThat(judgement.result()).isEqualTo(DrillResult.SPUN);
    assertThat(judgement.sentence())
        .isEqualTo(
            "this kernel spins: worker 123 used 99 % CPU for 8.0 s with used index 1 standing still"
                + " (CVE-2026-74356: affected)");
  }

  @Test
  void halfOfACpuIsASpinAndATenthIsSleep() {
    assertThat(result(LIVELOCK, seen(1, 1, 10, 8, 0.5, true))).isEqualTo(DrillResult.SPUN);
    assertThat(result(LIVELOCK, seen(1, 1, 10, 8, 0.49, true))).isEqualTo(DrillResult.INCONCLUSIVE);
    assertThat(result(LIVELOCK, seen(1, 1, 10, 8, 0.1, true))).isEqualTo(DrillResult.SLEPT);
  }

  @Test
  void sleepingWorkerWithAFrameThatWaitedSlept() {
    Judgement judgement = Judge.judge(LIVELOCK, seen(0, 0, 10, 8.0, 0, true));
    assertThat(judgement.result()).isEqualTo(DrillResult.SLEPT);
    assertThat(judgement.sentence())
        .startsWith("this kernel does not spin: worker 123 used 0 % CPU for 8.0 s")
        .contains("60366-byte frame waited with 10 of 15 buffers posted");
  }

  @Test
  void aWorkerThatGetsNoCpuDoesNotSleep() {
    Judgement judgement = Judge.judge(LIVELOCK, seen(0.05, 0.06, 0));
    assertThat(judgement.result()).isEqualTo(DrillResult.INCONCLUSIVE);
    assertThat(judgement.sentence())
        .contains("used 5 % CPU for 8.0 s, waited for one 6 % of the time", "runnable 0 times");
    assertThat(result(LIVELOCK, seen(0.04, 0.06, 0))).isEqualTo(DrillResult.SLEPT);
  }

  @Test
  void aWorkerThatAQuotaThrottlesDoesNotSleepThoughNoWaitIsCounted() {
    assertThat(result(LIVELOCK, seen(0.05, 0, 1))).isEqualTo(DrillResult.INCONCLUSIVE);
    assertThat(exit(LIVELOCK, seen(0.05, 0, 20))).isEqualTo(3);
  }

  @Test
  void aSpinIsASpinHoweverMuchOfItWaited() {
    assertThat(result(LIVELOCK, seen(0.5, 0.5, 20))).isEqualTo(DrillResult.SPUN);
  }

  @Test
  void sleepProvesNothingWhenTheFrameNeverArrives() {
    Judgement judgement = Judge.judge(LIVELOCK, seen(0, 0, 10, 8, 0, false));
    assertThat(judgement.result()).isEqualTo(DrillResult.INCONCLUSIVE);
    assertThat(judgement.sentence()).contains("did not arrive");
  }

  @Test
  void sleepProvesNothingWhenOthersTookAllBuffers() {
    Judgement judgement = Judge.judge(LIVELOCK, seen(10, 10, 0, 8, 0, true));
    assertThat(judgement.result()).isEqualTo(DrillResult.INCONCLUSIVE);
    assertThat(judgement.sentence()).contains("other traffic");
  }

  @Test
  void sleepProvesNothingWithoutMergeableBuffers() {
    DrillOptions options = options(Behaviour.LIVELOCK, 10, false);
    Judgement judgement = Judge.judge(options, seen(0, 0, 10, 8, 0, false));
    assertThat(judgement.result()).isEqualTo(DrillResult.INCONCLUSIVE);
    assertThat(judgement.sentence()).contains("MRG_RXBUF");
  }

  @Test
  void movingUsedIndexIsNoStarvation() {
    assertThat(result(LIVELOCK, seen(1, 2, 9, 8, 0.99, true))).isEqualTo(DrillResult.INCONCLUSIVE);
  }

  @Test
  void starvedGuestWithoutBuffersStalls() {
    DrillOptions starved = options(Behaviour.STARVED, 0, true);
    Judgement judgement = Judge.judge(starved, seen(0, 0, 0, 8, 0, true));
    assertThat(judgement.result()).isEqualTo(DrillResult.SLEPT);
    assertThat(judgement.sentence()).startsWith("the queue stalled").doesNotContain("not affected");
  }

  @Test
  void slowGuestProgressesHoweverBusyTheWorker() {
    DrillOptions slow = options(Behaviour.SLOW, 10, true);
    assertThat(result(slow, seen(0, 500, 1, 10, 0.97, true))).isEqualTo(DrillResult.PROGRESSED);
    assertThat(result(slow, seen(7, 7, 1, 10, 0.97, false))).isEqualTo(DrillResult.INCONCLUSIVE);
  }

  @Test
  void tooShortALookOrNoWorkerSaysNothing() {
    assertThat(result(LIVELOCK, seen(1, 1, 10, 0.9, 1, true))).isEqualTo(DrillResult.INCONCLUSIVE);
    Measurement nobody =
        new Measurement(
            List.of(), moment(0, 0, 10, 0, 0), moment(9, 0, 10, 0, 0), 0, true, null, false);
    assertThat(Judge.judge(LIVELOCK, nobody).sentence()).contains("no vhost worker");
  }

  @Test
  void exitCodesAreThoseOfMonitoringPlugins() {
    assertThat(exit(LIVELOCK, seen(1, 1, 10, 8, 0.99, true))).isEqualTo(2);
    assertThat(exit(LIVELOCK, seen(1, 1, 10, 8, 0, true))).isZero();
    assertThat(exit(LIVELOCK, seen(1, 1, 10, 8, 0, false))).isEqualTo(3);
    assertThat(exit(options(Behaviour.STARVED, 0, true), seen(0, 0, 0, 8, 0, true))).isEqualTo(1);
    assertThat(exit(options(Behaviour.SLOW, 10, true), seen(0, 9, 1, 8, 1, true))).isZero();
  }

  static DrillOptions options(Behaviour behaviour, int buffers, boolean mergeable) {
    Duration ten = Duration.ofSeconds(10);
    DrillFeatures features = new DrillFeatures(mergeable, false, false);
    return new DrillOptions(behaviour, null, 60_366, buffers, 4096, 256, features, ten, ten);
  }

  static Measurement seen(
      int usedBefore, int usedAfter, int posted, double seconds, double share, boolean delivered) {
    return new Measurement(
        List.of(123),
        moment(0, usedBefore, posted, 0, 0),
        moment(seconds, usedAfter, posted, Math.round(seconds * share * 1000), 0),
        0,
        delivered,
        delivered ? Duration.ofMillis(12) : null,
        false);
  }

  /**
   * Eight seconds with a standing index, in which the worker got and waited for shares of a CPU.
   */
  private static Measurement seen(double share, double waitedShare, int runnableLooks) {
    return new Measurement(
        List.of(123),
        moment(0, 1, 10, 500, 700),
        moment(8, 1, 10, 500 + Math.round(8000 * share), 700 + Math.round(8000 * waitedShare)),
        runnableLooks,
        true,
        Duration.ofMillis(12),
        false);
  }

  private static Moment moment(
      double seconds, int used, int posted, long cpuMillis, long waitedMillis) {
    Instant time = Instant.ofEpochSecond(1_800_000_000L, (long) (seconds * 1e9));
    return new Moment(
        time, 5_000_000_000L + (long) (seconds * 1e9), used, posted, cpuMillis, waitedMillis);
  }

  private static DrillResult result(DrillOptions options, Measurement seen) {
    return Judge.judge(options, seen).result();
  }

  private static int exit(DrillOptions options, Measurement seen) {
    return DrillReport.of(options, "vwdrill0", 7, seen, new DrillReport.Counts(1, 0, 1)).exitCode();
  }
}
