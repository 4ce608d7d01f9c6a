package org.vhostwatch.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Random histories of hosts of all kinds, with and without BTF, probes, captures, the bug: what
 * must and what may be said of them, by docs/verdicts.md.
 *
 * <p>{@code -Dvhostwatch.histories=1000000} tries more of them, {@code -Dseed=} others. A failure
 * says the seed of its history, which is then the first.
 */
class RandomHostsTest {

  private static final int HISTORIES = Integer.getInteger("vhostwatch.histories", 200);
  private static final long SEED = Long.getLong("seed", 20261128L);
  private static final int SECONDS = 80;

  @Test
  void aLivelockIsSaidWhereThereIsOneAndNowhereElse() {
    long must = 0;
    for (int round = 0; round < HISTORIES; round++) {
      long seed = SEED + round;
      RandomHost host = new RandomHost(seed, (observation, at) -> {});
      for (int second = 0; second < SECONDS; second++) {
        host.second();
        Optional<QueueVerdict> said = host.history.find(host.queue);
        boolean livelocked = said.filter(v -> v.verdict() == Verdict.LIVELOCKED).isPresent();
        if (livelocked) {
          assertThat(host.mayBeLivelocked()).as(() -> when(seed, host) + "no livelock").isTrue();
        }
        if (host.mustBeLivelocked()) {
          must++;
          assertThat(livelocked).as(() -> when(seed, host) + "missed, but " + said).isTrue();
        }
        said.ifPresent(verdict -> assertSaidAsDocumented(verdict, seed, host));
      }
    }
    assertThat(must).as("seconds of livelocks").isGreaterThan(HISTORIES);
  }

  private static void assertSaidAsDocumented(QueueVerdict said, long seed, RandomHost host) {
    boolean may =
        switch (said.verdict()) {
          case LIVELOCKED ->
              said.confidence() == (host.mayBeHigh() ? said.confidence() : Confidence.MEDIUM)
                  && said.confidence() != Confidence.LOW;
          case STALLED -> host.mayBeStalled() && said.confidence() != Confidence.LOW;
          case SPINNING -> host.mayBeSpinning() && said.confidence() == Confidence.HIGH;
          case UNKNOWN -> said.confidence() == Confidence.LOW;
          default -> said.confidence() != Confidence.LOW;
        };
    assertThat(may).as(() -> when(seed, host) + said).isTrue();
  }

  @Test
  void framesSaidTwiceChangeNoVerdict() {
    for (int round = 0; round < HISTORIES; round++) {
      long seed = SEED + round;
      Detector[] detector = new Detector[1];
      HostState[] state = {HostState.EMPTY};
      List<Observation> early = new ArrayList<>();
      RandomHost host =
          new RandomHost(
              seed,
              (observation, at) -> {
                if (detector[0] == null) {
                  early.add(observation);
                } else {
                  state[0] = detector[0].next(state[0], observation, at);
                }
              });
      detector[0] = new Detector(host.settings());
      for (Observation observation : early) {
        state[0] = detector[0].next(state[0], observation, host.history.now());
      }
      for (int second = 0; second < SECONDS; second++) {
        host.second();
        if (host.framedNow()) {
          Observation frame = new Observation.Spins(host.history.currentFrame());
          for (int times = 0; times < 2; times++) {
            state[0] = detector[0].next(state[0], frame, host.history.now());
          }
        }
        assertThat(brief(detector[0].judge(state[0], host.history.now())))
            .as(() -> when(seed, host) + "another says otherwise")
            .isEqualTo(brief(host.history.verdicts()));
      }
    }
  }

  private static List<String> brief(List<QueueVerdict> verdicts) {
    return verdicts.stream()
        .map(v -> v.tid() + " " + v.verdict() + " " + v.confidence() + " since " + v.since())
        .toList();
  }

  private static String when(long seed, RandomHost host) {
    return "-Dseed=" + seed + ", at " + host.history.now() / RandomHost.SECOND + " s, " + host;
  }
}
