package org.vhostwatch.mitigate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.mitigate.TapResult.Outcome;
import org.vhostwatch.state.StateDirectory;

/** The kernel's network lock (rtnl) is held: nobody who asks for a tap comes back. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HeldLockTest {

  private static final Duration LIMIT = Duration.ofMillis(500);

  private final CountDownLatch released = new CountDownLatch(1);
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final Path state;
  private final Mitigator mitigator;

  HeldLockTest(@TempDir Path folder) {
    this.state = folder.resolve("state");
    this.mitigator =
        new Mitigator(new StateDirectory(state), LIMIT, Clock.systemUTC(), this::waitForTheLock);
  }

  @AfterEach
  void release() {
    released.countDown();
    await().until(() -> results().stream().allMatch(tap -> tap.outcome() == Outcome.GONE));
  }

  @Test
  void afterTwoTapsWithoutAnAnswerTheOthersAreNotTried() {
    List<TapResult> results = results();
    assertThat(results).extracting(TapResult::outcome).containsOnly(Outcome.FAILED);
    assertThat(results.subList(0, 2))
        .allSatisfy(
            tap -> assertThat(tap.message()).contains("tap vnet", "did not answer within", "rtnl"));
    assertThat(results.subList(2, 4)).noneMatch(TapResult::tried);
    assertThat(asked).containsExactly("vnet0", "vnet1");
    assertThat(state.resolve("mitigation.json")).doesNotExist();
  }

  @Test
  void noMoreThanFourCallsAreLeftBehind() {
    for (int i = 0; i < 5; i++) {
      assertThat(results()).extracting(TapResult::outcome).containsOnly(Outcome.FAILED);
    }
    assertThat(asked).hasSize(4);
    assertThat(results()).noneMatch(TapResult::tried);
  }

  private List<TapResult> results() {
    List<Target> targets =
        IntStream.range(0, 4)
            .mapToObj(
                i -> new Target("vnet" + i, i + 5, 7, 100, "vm", false, "", true, true, List.of()))
            .toList();
    try {
      return mitigator.apply(targets, false, Mitigator.By.DAEMON);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Optional<Seen> waitForTheLock(Target target) throws IOException {
    asked.add(target.name());
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return Optional.empty();
  }
}
