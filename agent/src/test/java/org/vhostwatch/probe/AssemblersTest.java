package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Frames of the sentinel and evidence of a capture, from lines as bpftrace writes them. */
class AssemblersTest {

  private static final long VQ = Long.parseUnsignedLong("18446612682182951104");
  private static final EvidencePlan PLAN =
      new EvidencePlan(
          Set.of(183), true, false, "vhost_net_buf_peek", "vhost_get_vq_desc_n", true, true, true);

  private final List<SentinelFrame> frames = new ArrayList<>();

  /** How the versions write a key that is a kernel address. */
  private enum Dialect {
    SIGNED("-131391526600512", false, false),
    UNSIGNED("18446612682182951104", true, false),
    ERASING("18446612682182951104", false, true);

    private final String vq;
    private final boolean escapesTwice;
    private final boolean erasesSpaces;

    Dialect(String vq, boolean escapesTwice, boolean erasesSpaces) {
      this.vq = vq;
      this.escapesTwice = escapesTwice;
      this.erasesSpaces = erasesSpaces;
    }

    String map(String name, String key, Object value) {
      return map(name, Map.of(key, value));
    }

    String map(String name, Map<String, ?> entries) {
      StringBuilder text = new StringBuilder();
      entries.forEach(
          (key, value) ->
              text.append(text.isEmpty() ? "" : ", ")
                  .append('"')
                  .append(key.replace("VQ", vq))
                  .append("\": ")
                  .append(value));
      return "{\"type\": \"map\", \"data\": {\"" + name + "\": {" + text + "}}}";
    }

    String stackKey(String tid, String... frames) {
      String end = escapesTwice ? "\\\\n" : "\\n";
      String text = tid + "," + end + String.join(end, frames) + end;
      return erasesSpaces ? text.replace(" ", "") : text;
    }
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void aFrameIsWhatLiesBetweenTickAndEnd(Dialect dialect) {
    SentinelAssembler assembler = new SentinelAssembler(true);
    feed(assembler, "{\"type\": \"attached_probes\", \"data\": {\"probes\": 4}}", printf("ready"));
    feed(assembler, frame(dialect, 5_000_000_000L, 90_000));
    assertThat(frames)
        .containsExactly(
            new SentinelFrame(
                5_000_000_000L,
                List.of(
                    new SpinCounters(
                        VQ,
                        183,
                        90_000,
                        1,
                        0,
                        2_000_000_000L,
                        0,
                        4_999_000_000L,
                        256,
                        1,
                        10,
                        10,
                        8,
                        true,
                        EpisodeLengths.NONE))));
    assertThat(assembler.finish()).as("nothing is left open").isEmpty();
  }

  @Test
  void aHealthyHostHasFramesWithoutQueues() {
    SentinelAssembler assembler = new SentinelAssembler(true);
    feed(assembler, printf("ready"), printf("tick 7"), printf("end 8"));
    assertThat(frames).containsExactly(new SentinelFrame(7, List.of()));
  }

  @Test
  void aCalmSecondIsAFrameOfNowWithTheCountersOfTheLastOne() {
    SentinelAssembler assembler = new SentinelAssembler(true);
    feed(assembler, printf("calm 4000000000"));
    feed(assembler, frame(Dialect.SIGNED, 5_000_000_000L, 90_000));
    feed(assembler, printf("calm 95000000000"), printf("calm"), printf("calm x"));
    assertThat(frames)
        .extracting(SentinelFrame::kernelNanos)
        .containsExactly(4_000_000_000L, 5_000_000_000L, 95_000_000_000L);
    assertThat(frames.get(0).queues()).isEmpty();
    assertThat(frames.get(2).queues()).isEqualTo(frames.get(1).queues());
  }

  @Test
  void aMapWhosePrintWasLostKeepsItsValues() {
    SentinelAssembler assembler = new SentinelAssembler(true);
    feed(assembler, frame(Dialect.SIGNED, 5_000_000_000L, 90_000));
    feed(
        assembler,
        printf("tick 6000000000"),
        Dialect.SIGNED.map("@passes", "VQ", 130_000),
        printf("end 6000000001"));
    SpinCounters last = frames.get(1).queues().get(0);
    assertThat(last.passes()).isEqualTo(130_000);
    assertThat(last.usedIdx()).isEqualTo(1);
    assertThat(last.tid()).isEqualTo(183);
  }

  @Test
  void aLostTickLosesOnlyItsFrame() {
    SentinelAssembler assembler = new SentinelAssembler(true);
    List<String> lines = new ArrayList<>(List.of(frame(Dialect.SIGNED, 5_000_000_000L, 90_000)));
    lines.remove(0);
    feed(assembler, lines.toArray(String[]::new));
    assertThat(frames).isEmpty();
    feed(assembler, frame(Dialect.SIGNED, 6_000_000_000L, 91_000));
    assertThat(frames).hasSize(1);
  }

  @Test
  void aLostEndLosesOnlyItsFrame() {
    SentinelAssembler assembler = new SentinelAssembler(true);
    feed(assembler, printf("tick 5"), printf("tick 6"), printf("end 6"), printf("end 7"));
    assertThat(frames).extracting(SentinelFrame::kernelNanos).containsExactly(6L);
  }

  @Test
  void theExitFrameHasNoEnd() {
    SentinelAssembler assembler = new SentinelAssembler(true);
    feed(assembler, frame(Dialect.SIGNED, 5_000_000_000L, 90_000));
    feed(assembler, printf("tick 5500000000"), "", "");
    feed(assembler, Dialect.SIGNED.map("@passes", "VQ", 95_000));
    Optional<SentinelFrame> last = assembler.finish();
    assertThat(last).isPresent();
    assertThat(last.get().kernelNanos())
        .as("the last passes are those of the frame before")
        .isEqualTo(5_000_000_000L);
    assertThat(last.get().queues().get(0).passes()).isEqualTo(95_000);
  }

  @Test
  void theExitFrameIsOfTheLastPassHoweverLongTheProbesTookToGo() {
    SentinelAssembler assembler = new SentinelAssembler(true);
    feed(assembler, frame(Dialect.SIGNED, 5_000_000_000L, 90_000));
    feed(assembler, printf("tick 19000000000"));
    feed(assembler, Dialect.SIGNED.map("@seen", "VQ", 9_000_000_000L));
    assertThat(assembler.finish().orElseThrow().kernelNanos()).isEqualTo(9_000_000_000L);
  }

  @Test
  void aKilledSentinelHasNoExitFrame() {
    SentinelAssembler assembler = new SentinelAssembler(true);
    feed(assembler, frame(Dialect.SIGNED, 5_000_000_000L, 90_000));
    assertThat(assembler.finish()).isEmpty();
  }

  @Test
  void garbageInStampsAndKeysIsNoFrameAndNoQueue() {
    SentinelAssembler assembler = new SentinelAssembler(true);
    feed(assembler, printf("tick"), printf("tick x"), printf("tick "), printf("end 3"));
    assertThat(frames).isEmpty();
    feed(
        assembler,
        printf("tick 5"),
        Dialect.SIGNED.map("@passes", "not an address", 1),
        printf("end 5"));
    assertThat(frames.get(0).queues()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void evidenceIsWhatTheMapsSaidLast(Dialect dialect) {
    EvidenceAssembler assembler = new EvidenceAssembler(PLAN);
    feed(assembler, frame(dialect, 5_000_000_000L, 90_000));
    feed(assembler, printf("tick 7000000000"), "", "");
    feed(assembler, exit(dialect));
    assertThat(assembler.finishFrame()).isPresent();

    List<Evidence> all = assembler.finish();

    assertThat(all).hasSize(1);
    Evidence evidence = all.get(0);
    assertThat(evidence.vq()).isEqualTo(VQ);
    assertThat(evidence.tid()).isEqualTo(183);
    assertThat(evidence.passes()).isEqualTo(100_001);
    assertThat(evidence.passesPerSecond()).isEqualTo(50_000);
    assertThat(evidence.peek()).containsExactly(Map.entry(60366L, 100_000L));
    assertThat(evidence.descriptors())
        .containsExactly(
            Map.entry(1L, 100_001L), Map.entry(2L, 100_001L), Map.entry(256L, 100_000L));
    assertThat(evidence.getRxBufsDerived()).isTrue();
    assertThat(evidence.getRxBufs()).containsExactly(Map.entry(0L, 100_001L));
    assertThat(evidence.enableNotify()).containsExactly(Map.entry(1L, 100_000L));
    assertThat(evidence.recvmsg()).isZero();
    assertThat(evidence.signalled()).isZero();
    assertThat(evidence.gaveUp()).isEqualTo(390);
    assertThat(evidence.rolledBack()).containsExactly(Map.entry(8L, 100_001L));
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void stacksAreTheWorkersOwnMostFrequentFirst(Dialect dialect) {
    EvidenceAssembler assembler = new EvidenceAssembler(PLAN);
    feed(assembler, frame(dialect, 5_000_000_000L, 90_000));
    feed(
        assembler,
        dialect.map(
            "@stack",
            Map.of(
                dialect.stackKey("183", "handle_rx+12", "vhost_run_work_list+5"), 3,
                dialect.stackKey("183", "vhost_discard_vq_desc+1", "handle_rx+40"), 17,
                dialect.stackKey("18", "other+1"), 99)));
    assertThat(assembler.finish().get(0).stacks())
        .containsExactly(
            new Evidence.Stack(17, List.of("vhost_discard_vq_desc+1", "handle_rx+40")),
            new Evidence.Stack(3, List.of("handle_rx+12", "vhost_run_work_list+5")));
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void aWorkerWithoutASpinHasStacksToo(Dialect dialect) {
    EvidenceAssembler assembler = new EvidenceAssembler(PLAN);
    feed(
        assembler,
        dialect.map(
            "@stack",
            Map.of(
                dialect.stackKey("183", "mutex_lock+18", "handle_tx+45"), 3,
                dialect.stackKey("18", "other+1"), 99)));
    assertThat(assembler.finish()).isEmpty();
    assertThat(assembler.finishStacks())
        .containsExactly(
            new WorkerStacks(
                183, List.of(new Evidence.Stack(3, List.of("mutex_lock+18", "handle_tx+45")))));
  }

  @Test
  void anotherWorkersQueueIsNotEvidence() {
    EvidenceAssembler assembler = new EvidenceAssembler(PLAN);
    feed(assembler, frame(Dialect.SIGNED, 5_000_000_000L, 90_000));
    feed(assembler, Dialect.SIGNED.map("@worker", "VQ", 999));
    assertThat(assembler.finish()).isEmpty();
  }

  @Test
  void whatThePlanDoesNotMeasureIsNotZero() {
    EvidenceAssembler assembler =
        new EvidenceAssembler(
            new EvidencePlan(Set.of(183), true, true, "", "", false, false, false));
    feed(assembler, frame(Dialect.SIGNED, 5_000_000_000L, 90_000));
    feed(assembler, Dialect.SIGNED.map("@get_rx_ret", "183,0", 90_000));
    Evidence evidence = assembler.finish().get(0);
    assertThat(evidence.recvmsg()).isEqualTo(-1);
    assertThat(evidence.signalled()).isEqualTo(-1);
    assertThat(evidence.gaveUp()).isEqualTo(-1);
    assertThat(evidence.getRxBufsDerived()).isFalse();
    assertThat(evidence.getRxBufs()).containsExactly(Map.entry(0L, 90_000L));
  }

  @Test
  void errorsOfTheFetchAreDerivedReturnsToo() {
    EvidenceAssembler assembler = new EvidenceAssembler(PLAN);
    feed(assembler, frame(Dialect.SIGNED, 5_000_000_000L, 90_000));
    feed(assembler, Dialect.SIGNED.map("@desc_ret", Map.of("VQ,-14", 10, "VQ,3", 90_000)));
    feed(assembler, Dialect.SIGNED.map("@recvmsg", "183", 4));
    Evidence evidence = assembler.finish().get(0);
    assertThat(evidence.getRxBufs())
        .containsExactly(Map.entry(-14L, 10L), Map.entry(0L, 89_990L), Map.entry(1L, 4L));
  }

  @Test
  void garbageInKeysOfHistogramsIsPassedOver() {
    EvidenceAssembler assembler = new EvidenceAssembler(PLAN);
    feed(assembler, frame(Dialect.SIGNED, 5_000_000_000L, 90_000));
    feed(
        assembler,
        Dialect.SIGNED.map("@peek_ret", Map.of("183,60366", 5, "183,", 1, "183,x", 1, "183", 1)));
    assertThat(assembler.finish()).hasSize(1);
    assertThat(assembler.finish().get(0).peek()).containsExactly(Map.entry(60366L, 5L));
  }

  @Test
  void mapsDoNotBecomeMoreHoweverLongGarbageIsPrinted() {
    PrintedMaps maps = new PrintedMaps();
    maps.put(new Message.MapDump("@passes", Map.of("1", 2L)));
    for (int i = 0; i < 1000; i++) {
      maps.put(new Message.MapDump("@garbage" + i, Map.of("", 1L)));
    }
    maps.put(new Message.MapDump("@passes", Map.of("1", 3L)));
    assertThat(maps.value("@passes", "1")).isEqualTo(3);
    assertThat(IntStream.range(0, 1000).filter(i -> maps.has("@garbage" + i)).count())
        .isLessThan(64);
  }

  private void feed(SentinelAssembler assembler, String... lines) {
    for (String line : lines) {
      assembler.accept(MessageParser.parse(line)).ifPresent(frames::add);
    }
  }

  private void feed(EvidenceAssembler assembler, String... lines) {
    for (String line : lines) {
      assembler.accept(MessageParser.parse(line)).ifPresent(frames::add);
    }
  }

  private static String printf(String text) {
    return "{\"type\": \"printf\", \"data\": \"" + text + "\\n\"}";
  }

  private static String[] frame(Dialect dialect, long tick, long passes) {
    return new String[] {
      printf("tick " + tick),
      dialect.map("@passes", "VQ", passes),
      dialect.map("@episodes", "VQ", 1),
      dialect.map("@spun", "VQ", 0),
      dialect.map("@start", "VQ", 2_000_000_000L),
      dialect.map("@before", "VQ", 0),
      dialect.map("@seen", "VQ", tick - 1_000_000),
      dialect.map("@used", "VQ", 1),
      dialect.map("@avail", "VQ", 10),
      dialect.map("@last", "VQ", 10),
      dialect.map("@num", "VQ", 256),
      dialect.map("@back", "VQ", 8),
      dialect.map("@worker", "VQ", 183),
      printf("end " + tick)
    };
  }

  /** What bpftrace prints by itself as it ends: all maps, by name. */
  private static String[] exit(Dialect dialect) {
    return new String[] {
      dialect.map("@desc_ret", Map.of("VQ,1", 100_001, "VQ,2", 100_001, "VQ,256", 100_000)),
      dialect.map("@first", "VQ", 5_000_000_000L),
      dialect.map("@gave_up", "183", 390),
      dialect.map("@notify_ret", Map.of("VQ,1", 100_000, "123,0", 7)),
      dialect.map("@passes", "VQ", 100_001),
      dialect.map("@peek_ret", "183,60366", 100_000),
      dialect.map("@rolled_back", "VQ,8", 100_001),
      dialect.map("@seen", "VQ", 7_000_000_000L),
      dialect.map("@stack", dialect.stackKey("183", "handle_rx+12"), 98)
    };
  }
}
