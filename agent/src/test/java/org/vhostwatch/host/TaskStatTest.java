package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskStatTest {
  /** As 6.18.44 shows its own kthreadd. */
  private static final String KTHREADD =
      "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 22 0 0 18446744073709551615"
          + " 0 0 0 0 0 0 0 2147483647 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

  @Test
  void readsARealLine() {
    assertThat(parse(KTHREADD))
        .contains(new TaskStat(2, "kthreadd", 'S', 0, 2129984, 0, 0, 0, 22, 0, 0, 0));
    assertThat(parse(KTHREADD).orElseThrow().isKernelThread()).isTrue();
    assertThat(parse(KTHREADD).orElseThrow().isUserWorker()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a b",
        ") R 1 2 3 (",
        "((",
        "))",
        "",
        "\n",
        "vhost-1) S 2 0 (",
        "名前",
        ") ",
        " ) 1 "
      })
  void aNameMayHoldAnything(String comm) {
    Optional<TaskStat> stat = parse(FakeHost.stat(77, comm, FakeHost.USER_WORKER, 1234, 400));
    assertThat(stat)
        .contains(new TaskStat(77, comm, 'R', 2, FakeHost.USER_WORKER, 400, 0, -5, 1234, 3, 0, 0));
  }

  @Test
  void aLineCutOffAnywhereBeforeTheProcessorIsNoLine() {
    // The 39th field; the name has no blank.
    int processor = 0;
    for (int field = 1; field < 39; field++) {
      processor = KTHREADD.indexOf(' ', processor) + 1;
    }
    for (int length = 0; length <= processor + 1; length++) {
      assertThat(parse(KTHREADD.substring(0, length))).as(KTHREADD.substring(0, length)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "()",
        "1 (a)",
        "1 (a) R",
        "(a) R 1 2",
        "a (a) R 1",
        "1 (a) R x y z",
        ")(",
        "1 (a) R  1 2"
      })
  void whatIsNoStatLineIsEmpty(String text) {
    assertThat(parse(text)).isEmpty();
  }

  @Test
  void garbageNeverThrows() {
    long seed = Long.getLong("vhostwatch.seed", System.nanoTime());
    System.out.println("TaskStatTest seed " + seed + " (-Dvhostwatch.seed=)");
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = KTHREADD.getBytes(StandardCharsets.UTF_8);
      for (int i = random.nextInt(6); i >= 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      TaskStat.parse(bytes, random.nextInt(bytes.length + 1));
    }
  }

  private static Optional<TaskStat> parse(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return TaskStat.parse(bytes, bytes.length);
  }
}
