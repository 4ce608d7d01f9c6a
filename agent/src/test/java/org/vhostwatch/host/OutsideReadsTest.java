package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileOutputStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class OutsideReadsTest {

  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger started = new AtomicInteger();
  private final Semaphore ended = new Semaphore(0);

  @AfterEach
  void letAllEnd() {
    release.countDown();
  }

  @Test
  void anAnswerInTimeIsGiven() {
    OutsideReads reads = new OutsideReads("test", 60_000, 4);
    OutsideReads.Answer<String> answer = reads.ask(1, () -> Optional.of("web01"));
    assertThat(answer.value()).contains("web01");
    assertThat(answer.inTime()).isTrue();
    assertThat(reads.ask(1, Optional::empty).inTime()).as("nothing is an answer too").isTrue();
  }

  @Test
  void oneThatHangsIsWaitedForOnceAndStartedOnce() throws InterruptedException {
    OutsideReads reads = new OutsideReads("test", 20, 4);
    assertThat(reads.ask(1, this::hang).trouble()).startsWith("did not answer within");
    for (int i = 0; i < 1_000; i++) {
      assertThat(reads.ask(1, this::hang).trouble()).startsWith("has not answered for");
    }
    assertThat(started).hasValue(1);
    release.countDown();
    assertThat(ended.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
    assertThat(insist(reads, 1, "again")).as("after it ended it is read again").contains("again");
  }

  @Test
  void allTogetherAreWaitedForNoLongerThanOne() {
    // With a full wait for each this would take minutes.
    OutsideReads reads = new OutsideReads("test", 2_000, 201);
    for (int key = 0; key < 200; key++) {
      assertThat(reads.ask(key, this::hang).inTime()).isFalse();
    }
    assertThat(insist(reads, "another", "quick"))
        .as("one that answers at once is still heard")
        .contains("quick");
  }

  @Test
  void thereAreNeverMoreThanSoMany() {
    OutsideReads reads = new OutsideReads("test", 1, 3);
    for (int key = 0; key < 50; key++) {
      reads.ask(key, this::hang);
    }
    assertThat(reads.ask("another", () -> Optional.of("x")).trouble())
        .isEqualTo("not read: 3 other reads hang");
    assertThat(started.get()).isLessThanOrEqualTo(3);
  }

  @Test
  void onesThatEndMakeRoom() {
    OutsideReads reads = new OutsideReads("test", 60_000, 1);
    Set<String> threads = ConcurrentHashMap.newKeySet();
    for (int i = 0; i < 500; i++) {
      int number = i;
      OutsideReads.Answer<Integer> answer =
          reads.ask(
              i,
              () -> {
                threads.add(Thread.currentThread().getName());
                return Optional.of(number);
              });
      assertThat(answer.value()).contains(number);
    }
    assertThat(threads).containsOnly("test");
  }

  @Test
  void oneThatFailsIsToldAndMakesRoom() {
    OutsideReads reads = new OutsideReads("test", 60_000, 1);
    Supplier<Optional<String>> failing =
        () -> {
          throw new IllegalStateException("broken");
        };
    assertThat(reads.ask(1, failing).trouble()).contains("broken");
    assertThat(reads.ask(1, () -> Optional.of("x")).value()).contains("x");
  }

  @Test
  void whoeverIsInterruptedStaysSo() {
    OutsideReads reads = new OutsideReads("test", 60_000, 1);
    Thread.currentThread().interrupt();
    assertThat(reads.ask(1, this::hang).trouble()).isEqualTo("interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aFileThatBlocksItsReaderDoesNotBlockTheCaller(@TempDir Path folder) throws Exception {
    FakeHost host = new FakeHost(folder);
    Path fifo = host.fifo("cmdline");
    ProcFs fs = host.fs();
    OutsideReads reads = new OutsideReads("test", 20, 1);
    assertThat(reads.ask(7, () -> fs.text("cmdline", 100)).inTime()).isFalse();
    // Opening both ends lets the reader go.
    new FileOutputStream(fifo.toFile()).close();
  }

  @Test
  void patienceMustBeSomething() {
    assertThatThrownBy(() -> new OutsideReads("test", 0, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** On a busy machine an answer at once may come late. */
  private static Optional<String> insist(OutsideReads reads, Object key, String value) {
    OutsideReads.Answer<String> answer = reads.ask(key, () -> Optional.of(value));
    while (!answer.inTime() && !Thread.currentThread().isInterrupted()) {
      answer = reads.ask(key, () -> Optional.of(value));
    }
    return answer.value();
  }

  private Optional<String> hang() {
    started.incrementAndGet();
    try {
      release.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    ended.release();
    return Optional.of("late");
  }
}
