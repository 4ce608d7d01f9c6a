package org.vhostwatch.probe;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.ByteArrayInputStream;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.host.TapPort;

class CensusAssemblerTest {

  private static final String LIVELOCKED =
      "queue vq=18446612682182951104 pid=178 fd=5 owner=178 worker=183 num=256 avail=10 last=7"
          + " used=0 txlast=0 features=4295000064 busyloop=0 head=0 tail=1"
          + " packet=18446612682154057472 bytes=60366 backend=1 index=0 tap=tap9";

  @Test
  void readsWhatARealKernelSaidInALivelock() {
    assertThat(census(LIVELOCKED).queues())
        .containsExactly(
            new CensusQueue(
                Long.parseUnsignedLong("18446612682182951104"),
                178,
                5,
                178,
                183,
                256,
                10,
                7,
                0,
                0,
                4295000064L,
                0,
                CensusQueue.Backend.TUN,
                1,
                Long.parseUnsignedLong("18446612682154057472"),
                60366,
                new TapPort("tap9", 0, "", 0, 0, true)));
  }

  @Test
  void aLineThatWasTooLongIsCountedAndNothingElse() {
    Census census = census(LIVELOCKED + LineReader.CUT);
    assertThat(census.queues()).isEmpty();
    assertThat(census.rejected()).isEqualTo(1);
  }

  @Test
  void derivesWhatOperatorsAskFor() {
    CensusQueue queue = only(LIVELOCKED);
    assertThat(queue.packetWaits()).isTrue();
    assertThat(queue.postedBuffers()).isEqualTo(10);
    assertThat(queue.mergeable()).isTrue();
    assertThat(queue.process()).isEqualTo(178);
    assertThat(only(LIVELOCKED.replace("owner=178", "owner=0").replace("pid=178", "pid=9")))
        .extracting(CensusQueue::process)
        .isEqualTo(9);
  }

  @Test
  void postedBuffersWrapWithTheIndices() {
    String wrapped = LIVELOCKED.replace("avail=10", "avail=3").replace("used=0", "used=65530");
    assertThat(only(wrapped).postedBuffers()).isEqualTo(9);
  }

  @Test
  void noPacketWaitsWhereHeadIsTailAndItsLengthIsThenMeaningless() {
    CensusQueue queue = only(LIVELOCKED.replace("head=0", "head=1"));
    assertThat(queue.packetWaits()).isFalse();
    assertThat(queue.headBytes()).isZero();
    assertThat(queue.headPacket()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"packet=18446612682154057472>packet=0", "bytes=60366>bytes=4076638199"})
  void aPacketThatWasHandedOnWhileItWasReadDoesNotWaitAndCostsNoQueue(String change) {
    String[] change2 = change.split(">", -1);
    CensusQueue queue = only(LIVELOCKED.replace(change2[0], change2[1]));
    assertThat(queue.packetWaits()).isFalse();
    assertThat(queue.headBytes()).isZero();
  }

  @Test
  void aQueueWithoutBackendHasNoTap() {
    CensusQueue queue = only(LIVELOCKED.replace("backend=1", "backend=0").replace("tap9", ""));
    assertThat(queue.backend()).isEqualTo(CensusQueue.Backend.NONE);
    assertThat(queue.tap()).isEmpty();
    assertThat(queue.packetWaits()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a=b",
        "tap=x",
        "=",
        "%s%n%d",
        "\u001b[31m",
        "\u0001",
        "vm\"x",
        "\\u0041",
        "--",
        "queue"
      })
  void aTapMayHaveAlmostAnyName(String tap) {
    assertThat(only(LIVELOCKED.replace("tap9", tap)).tap()).isEqualTo(tap);
  }

  @Test
  void aNameCannotPlayAnotherField() {
    // No kernel allows the blank; should one ever, the numbers still come from before the name.
    CensusQueue queue = only(LIVELOCKED.replace("tap9", "x used=77 tap=y"));
    assertThat(queue.lastUsedIdx()).isZero();
    assertThat(queue.tap()).isEqualTo("x used=77 tap=y");
  }

  @Test
  void aNameOfArbitraryBytesComesThroughTheReader() {
    for (int b = 1; b < 256; b++) {
      if (b == '/' || b == ':' || Character.isWhitespace(b) || b == 0xa0 || b == 0x85) {
        continue;
      }
      byte[] line = LIVELOCKED.replace("tap9", "v" + (char) b + "t").getBytes(ISO_8859_1);
      CensusAssembler assembler = new CensusAssembler();
      new LineReader(new ByteArrayInputStream(line), 4096, assembler::accept).run();
      Census census = assembler.finish();
      assertThat(census.queues()).as("byte 0x%02x", b).hasSize(1);
      assertThat(census.queues().get(0).tap())
          .isEqualTo(new String(new byte[] {'v', (byte) b, 't'}, UTF_8));
    }
  }

  @Test
  void ofAFileInSeveralProcessesTheOwnersEntryIsTheQueue() {
    String child = LIVELOCKED.replace("pid=178", "pid=900").replace("fd=5", "fd=3");
    assertThat(census(child, LIVELOCKED).queues())
        .hasSize(1)
        .first()
        .extracting(CensusQueue::pid)
        .isEqualTo(178);
    assertThat(census(LIVELOCKED, child).queues())
        .hasSize(1)
        .first()
        .extracting(CensusQueue::fd)
        .isEqualTo(5);
  }

  /** After TUNSETQUEUE detached the second of three, the third has its index. */
  @Test
  void queuesOfATapThatHasSomeDetachedGoByTheirPlace() {
    String[] lines = new String[6];
    int[] indices = {0, 1, 1};
    for (int i = 0; i < 3; i++) {
      String attached = " attached=" + (i == 1 ? 0 : 1) + " index=" + indices[i];
      lines[i] = "tapfile pid=178 fd=" + (3 + i) + " backend=1" + attached + " tap=tap9";
      lines[3 + i] =
          LIVELOCKED
              .replace("vq=18446612682182951104", "vq=" + (100 + i))
              .replace("fd=5", "fd=" + (6 + i))
              .replace(" index=0", attached);
    }
    assertThat(census(lines).queues())
        .extracting(CensusQueue::queueIndex, queue -> queue.port().exact())
        .containsExactly(tuple(0, false), tuple(1, false), tuple(2, false));
  }

  /** Macvtap does not empty a queue that is taken from use. */
  @Test
  void noPacketWaitsForAQueueThatIsNotInUse() {
    String off = LIVELOCKED.replace(" index=0", " attached=0 index=0");
    assertThat(census(LIVELOCKED).queues()).allMatch(CensusQueue::packetWaits);
    assertThat(census(off).queues()).hasSize(1).noneMatch(CensusQueue::packetWaits);
  }

  /**
   * A NIC was plugged in, whose descriptors fell into holes before and after those of the first:
   * going by their order would name it for a queue of the other.
   */
  @Test
  void anOrderThatTheKernelBeliesSaysNothingOfAnyQueueOfTheProcess() {
    String[] files = {"fd=29 tap=b on=1", "fd=30 tap=a on=1", "fd=31 tap=a on=0"};
    String[] queues = {"fd=32 tap=a on=1", "fd=33 tap=a on=0", "fd=34 tap=b on=1"};
    String[] lines = new String[6];
    for (int i = 0; i < 3; i++) {
      String[] file = files[i].split("[ =]", -1);
      String[] queue = queues[i].split("[ =]", -1);
      lines[i] =
          "tapfile pid=178 fd=%s backend=1 attached=%s index=0 tap=%s"
              .formatted(file[1], file[5], file[3]);
      lines[3 + i] =
          LIVELOCKED
              .replace("vq=18446612682182951104", "vq=" + (100 + i))
              .replace("fd=5", "fd=" + queue[1])
              .replace(" index=0", " attached=" + queue[5] + " index=0")
              .replace("tap=tap9", "tap=" + queue[3]);
    }
    assertThat(census(lines).queues())
        .extracting(CensusQueue::tap, queue -> queue.port().exact())
        .containsExactly(tuple("a", true), tuple("a", true), tuple("b", true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"worker=183>worker=4294967295", "owner=178>owner=3000000000"})
  void whatWasReadOfATaskThatEndedIsNotKnown(String change) {
    String[] change2 = change.split(">", -1);
    Census census = census(LIVELOCKED.replace(change2[0], change2[1]));
    assertThat(census.queues()).hasSize(1);
    assertThat(census.rejected()).isZero();
  }

  @Test
  void linesOfAnotherKindAreNoDamage() {
    Census census = census("Attaching 1 probe...", "", "queues", LIVELOCKED, "\u0000");
    assertThat(census.queues()).hasSize(1);
    assertThat(census.rejected()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "queue ",
        "queue vq=1",
        "queue tap=tap9",
        "queue vq= pid=178 tap=x",
        "queue vq=18446612682182951104 pid=178 fd=5 owner=178 worker=183 num=256 avail=10 last=7"
            + " used=0 txlast=0 features=4295000064 busyloop=0 head=0 tail=1",
      })
  void aDamagedLineIsCounted(String line) {
    Census census = census(line, LIVELOCKED);
    assertThat(census.queues()).hasSize(1);
    assertThat(census.rejected()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "avail=10>avail=65536",
        "used=0>used=-1",
        "last=7>last=4294967303",
        "pid=178>pid=99999999999",
        "fd=5>fd=-5",
        "num=256>num=99999999999",
        "tail=1>tail=4294967296",
        "bytes=60366>bytes=-60366",
        "used=0>used=0x0g",
        "used=0>usedd=0",
      })
  void aNumberThatCannotBeIsDamageAndNotCutToSize(String change) {
    String[] change2 = change.split(">", -1);
    Census census = census(LIVELOCKED.replace(change2[0], change2[1]));
    assertThat(census.queues()).isEmpty();
    assertThat(census.rejected()).isEqualTo(1);
  }

  @Test
  void noDamageMakesItThrow() {
    long seed = Long.getLong("seed", 42L);
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 100_000; round++) {
      StringBuilder line = new StringBuilder(LIVELOCKED);
      for (int edit = random.nextInt(3); edit >= 0; edit--) {
        int at = random.nextInt(6, line.length());
        switch (random.nextInt(3)) {
          case 0 -> line.setCharAt(at, (char) random.nextInt(128));
          case 1 -> line.insert(at, (char) random.nextInt(65536));
          default -> line.delete(at, Math.min(line.length(), at + random.nextInt(20)));
        }
        if (line.length() < 8) {
          line.append(LIVELOCKED);
        }
      }
      Census census = census(line.toString());
      assertThat(census.queues().size() + census.rejected())
          .as("seed %d: %s", seed, line)
          .isEqualTo(1);
    }
  }

  private static CensusQueue only(String line) {
    return census(line).queues().get(0);
  }

  private static Census census(String... lines) {
    CensusAssembler assembler = new CensusAssembler();
    for (String line : lines) {
      assembler.accept(line);
    }
    return assembler.finish();
  }
}
