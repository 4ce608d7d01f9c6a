package org.vhostwatch.drill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DrillOptionsTest {
  private static final DrillFeatures MERGEABLE = new DrillFeatures(true, false, false);

  @Test
  void superPacketNeedsFifteenBuffersOfOnePage() {
    assertThat(livelock(null, 60_366, 10, 4096, 256).buffersPerFrame()).isEqualTo(15);
    // 4084 + 12 fill one buffer to the last byte.
    assertThat(livelock(null, 4084, 0, 4096, 256).buffersPerFrame()).isEqualTo(1);
    assertThat(livelock(null, 4085, 0, 4096, 256).buffersPerFrame()).isEqualTo(2);
  }

  @Test
  void guestThatDoesNotStarveIsRefused() {
    assertThat(livelock(null, 60_366, 14, 4096, 256).buffers()).isEqualTo(14);
    assertThatThrownBy(() -> livelock(null, 60_366, 15, 4096, 256))
        .hasMessage(
            "15 buffers of 4096 bytes hold a frame of 60366: nothing starves, post fewer than 15");
  }

  @Test
  void ringThatNoRefillCouldSatisfyIsRefused() {
    assertThat(livelock(null, 60_366, 4, 4096, 16).ringSize()).isEqualTo(16);
    assertThatThrownBy(() -> livelock(null, 60_366, 4, 4096, 8))
        .hasMessageContaining("a ring of 8 buffers of 4096 bytes never holds a frame of 60366");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 100, 2048, -256})
  void ringSizeIsAPowerOfTwoUpTo1024(int size) {
    assertThatThrownBy(() -> livelock(null, 60_366, 0, 4096, size))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(String.valueOf(size));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "sixteen-letters-", "vw%d", "..", "a b", "tap\u00e9"})
  void tapNameThatTheKernelRefusesOrRewritesIsRefused(String name) {
    assertThatThrownBy(() -> livelock(name, 60_366, 10, 4096, 256))
        .hasMessageContaining("'" + name + "'");
  }

  @Test
  void bufferSizeIsBounded() {
    assertThat(livelock(null, 65_549, 0, 65_536, 1024).buffersPerFrame()).isEqualTo(2);
    assertThatThrownBy(() -> livelock(null, 60_366, 0, 65_537, 256)).hasMessageContaining("65537");
    assertThatThrownBy(() -> livelock(null, 60_366, 0, 127, 256)).hasMessageContaining("127");
  }

  @Test
  void frameLengthIsThatOfAnIpv4Packet() {
    assertThatThrownBy(() -> livelock(null, 66, 0, 4096, 256)).hasMessageContaining("66");
    assertThatThrownBy(() -> livelock(null, 65_550, 0, 4096, 256)).hasMessageContaining("65550");
  }

  @Test
  void refillComesBeforeTheEndAndOnlyWhereAskedFor() {
    assertThat(timed(Behaviour.REFILL_AFTER, 10, 4, 256, 4096).refillAfter())
        .isEqualTo(Duration.ofSeconds(4));
    assertThatThrownBy(() -> timed(Behaviour.REFILL_AFTER, 10, 10, 256, 4096))
        .hasMessageContaining("before the end");
    assertThatThrownBy(() -> timed(Behaviour.REFILL_AFTER, 10, 0, 256, 4096))
        .hasMessageContaining("after 0 s");
    assertThatThrownBy(() -> timed(Behaviour.LIVELOCK, 10, 4, 256, 4096))
        .hasMessageContaining("only refill-after");
    assertThatThrownBy(() -> timed(Behaviour.LIVELOCK, 0, 0, 256, 4096))
        .hasMessageContaining("0 s");
  }

  @Test
  void defaultsOfEachBehaviourAreValid() {
    for (Behaviour behaviour : Behaviour.values()) {
      Duration ten = Duration.ofSeconds(10);
      DrillOptions options =
          new DrillOptions(
              behaviour,
              null,
              behaviour.defaultFrameBytes(),
              behaviour.defaultBuffers(256),
              4096,
              256,
              MERGEABLE,
              ten,
              behaviour == Behaviour.REFILL_AFTER ? Duration.ofSeconds(5) : ten);
      assertThat(Behaviour.of(behaviour.label())).isSameAs(options.behaviour());
    }
    assertThatThrownBy(() -> Behaviour.of("dead"))
        .hasMessage(
            "unknown behaviour 'dead', one of livelock, refill-after, slow, starved, healthy");
  }

  private static DrillOptions livelock(
      @Nullable String tap, int frame, int buffers, int bufferBytes, int ring) {
    Duration ten = Duration.ofSeconds(10);
    return new DrillOptions(
        Behaviour.LIVELOCK, tap, frame, buffers, bufferBytes, ring, MERGEABLE, ten, ten);
  }

  private static DrillOptions timed(
      Behaviour behaviour, int seconds, int refillAfter, int ring, int bufferBytes) {
    return new DrillOptions(
        behaviour,
        null,
        60_366,
        10,
        bufferBytes,
        ring,
        MERGEABLE,
        Duration.ofSeconds(seconds),
        Duration.ofSeconds(refillAfter));
  }
}
