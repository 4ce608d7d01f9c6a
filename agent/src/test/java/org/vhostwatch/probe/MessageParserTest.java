package org.vhostwatch.probe;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageParserTest {

  private static final long VQ = Long.parseUnsignedLong("18446612682182951104");

  @Test
  void printfIsItsTextWithoutTheLineEnd() {
    assertThat(MessageParser.parse("{\"type\": \"printf\", \"data\": \"tick 2728015151691\\n\"}"))
        .isEqualTo(new Message.Printf("tick 2728015151691"));
  }

  @Test
  void aKeyedMapIsItsEntries() {
    assertThat(map("{\"type\": \"map\", \"data\": {\"@n\": {\"178\": 5, \"179\": 0}}}"))
        .isEqualTo(new Message.MapDump("@n", Map.of("178", 5L, "179", 0L)));
  }

  @Test
  void aScalarHasAnEmptyKey() {
    assertThat(map("{\"type\": \"map\", \"data\": {\"@n\": 7}}").entries())
        .containsExactly(Map.entry("", 7L));
  }

  @Test
  void signedKeysOfVersion17AreTheSameAddressAsUnsignedOnes() {
    String signed = onlyKey("{\"type\": \"map\", \"data\": {\"@p\": {\"-131391526600512\": 1}}}");
    String unsigned = onlyKey("{\"type\":\"map\",\"data\":{\"@p\":{\"18446612682182951104\":1}}}");
    assertThat(Numbers.parse(signed)).isEqualTo(Numbers.parse(unsigned)).isEqualTo(VQ);
    assertThat(Numbers.parse("0xffff888013f0e0c0")).isEqualTo(0xffff888013f0e0c0L);
  }

  @Test
  void bigIntegersMayBeBareUnsignedOrInQuotes() {
    assertThat(value("{\"type\":\"map\",\"data\":{\"@b\":{\"1\":18446612682182951104}}}"))
        .isEqualTo(VQ);
    assertThat(value("{\"type\":\"map\",\"data\":{\"@b\":{\"1\":\"18446612682182951104\"}}}"))
        .isEqualTo(VQ);
    assertThat(value("{\"type\":\"map\",\"data\":{\"@b\":{\"1\":\"-9007199254740993\"}}}"))
        .isEqualTo(-9007199254740993L);
  }

  @Test
  void whatWasCutAndAMapThatNoScriptHasAreRejected() {
    assertThat(MessageParser.parse("{\"type\": \"printf\", \"data\": \"x\"}" + LineReader.CUT))
        .isInstanceOf(Message.Rejected.class);
    StringBuilder map = new StringBuilder("{\"type\":\"map\",\"data\":{\"@n\":{\"0\":0");
    for (int key = 1; key < MessageParser.MAX_ENTRIES; key++) {
      map.append(",\"").append(key).append("\":1");
    }
    assertThat(map(map + "}}}").entries()).hasSize(MessageParser.MAX_ENTRIES);
    assertThat(MessageParser.parse(map + ",\"x\":1}}}")).isInstanceOf(Message.Rejected.class);
  }

  @Test
  void ofAKeySaidTwiceTheLastCounts() {
    assertThat(value("{\"type\": \"map\", \"data\": {\"@s\": {\"1\": 5, \"1\": 6}}}")).isEqualTo(6);
  }

  @Test
  void anEmptyMapOfVersion24IsAnEmptyMap() {
    assertThat(map("{\"type\": \"map\", \"data\": {\"@m\": {}}}").entries()).isEmpty();
  }

  @Test
  void lostEventsHaveTwoShapes() {
    assertThat(MessageParser.parse("{\"type\": \"lost_events\", \"data\": {\"events\": 6471}}"))
        .isEqualTo(new Message.LostEvents(6471));
    assertThat(
            MessageParser.parse(
                "{\"type\": \"lost_events\", \"count\": 12, \"data\": {\"events\": 12}}"))
        .isEqualTo(new Message.LostEvents(12));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\t",
        "stdin:3:1-5: WARNING: Return value discarded.",
        "Attaching 3 probes...",
        "{\"type\": \"attached_probes\", \"data\": {\"probes\": 3}}",
        "{\"type\": \"attached_probes\", \"count\": 3, \"data\": {\"probes\": 3}}",
        "{\"type\": \"helper_error\", \"helper\": \"map_update_elem\", \"retcode\": -7, \"line\":"
            + " 1, \"col\": 19}",
        "{\"type\":\"helper_error\",\"msg\":\"Argument list too"
            + " long\",\"helper\":\"map_update_elem\","
            + "\"retcode\":-7,\"filename\":\"stdin\",\"line\":1,\"col\":19}",
        "{\"type\": \"hist\", \"data\": {\"@h\": [{\"min\": 64, \"max\": 127, \"count\": 1}]}}",
        "{\"type\": \"stats\", \"data\": {\"@s\": {\"k\": {\"count\": 1, \"average\": 5, \"total\":"
            + " 5}}}}",
        "{\"type\": \"value\", \"data\": [1,\"two\"]}",
        "{\"type\": \"value\", \"data\": null}",
        "{\"type\": \"runtime_error\", \"msg\": \"division by zero\", \"line\": 1, \"col\": 2}",
        "{}",
        "{\"type\": \"map\", \"data\": {}}",
        "{\"type\": 7, \"data\": [[[{}]]]}",
      })
  void whatTheScriptsDoNotPrintIsOfAnotherKind(String line) {
    assertThat(MessageParser.parse(line)).isInstanceOf(Message.Other.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"type\": \"map\", \"data\": {\"@passes\": {\"1844661268",
        "{\"type\": \"map\", \"data\": {\"@passes\": {\"1\": 5}}",
        "{\"type\": \"map\", \"data\": {\"@passes\": {\"1\": 5",
        "{\"type\": \"map\", \"data\": {\"@d\": {\"1\": [1,\"a b\"]}}}",
        "{\"type\": \"map\", \"data\": {\"@d\": {\"1\": {\"f\": 1}}}}",
        "{\"type\": \"map\", \"data\": {\"@d\": {\"1\": null}}}",
        "{\"type\": \"map\", \"data\": {\"@d\": {\"1\": 1.5}}}",
        "{\"type\": \"map\", \"data\": {\"@d\": {\"1\": \"\"}}}",
        "{\"type\": \"map\", \"data\": {\"@d\": {\"1\": \"36893488147419103232\"}}}",
        // The hexadecimal mode of 0.24 to 0.27.1.
        "{\"type\": \"hist\", \"data\": {\"@h\": [{\"min\": 64, \"max\": 127, \"count\": 4b}]}}",
        "{\"type\": \"lost_events\", \"count\": 4b, \"data\": {\"events\": 4b}}",
        // Pointers of 0.18 to 0.21, tseries of 0.24.
        "{\"type\": \"map\", \"data\": {\"@p\": 0xffff888013f0e0c0}}",
        "{\"type\": \"tseries\", \"data\": {\"@t\": [{\"a\": 1} {\"a\": 2}]}}",
        "{\"type\": \"printf\", \"data\": \"\\ud8\"}",
      })
  void whatIsNotWholeJsonIsRejected(String line) {
    assertThat(MessageParser.parse(line)).isInstanceOf(Message.Rejected.class);
  }

  @Test
  void loneSurrogatesAndBrokenEscapesOfBytesPass() {
    assertThat(MessageParser.parse("{\"type\": \"printf\", \"data\": \"\\ud83d \\uffffffc3\\n\"}"))
        .isEqualTo(new Message.Printf("\ud83d \uffffffc3"));
  }

  @Test
  @Timeout(10)
  void aNestingBombIsRejectedAtOnce() {
    for (String open : List.of("[", "{\"a\":")) {
      Message message = MessageParser.parse("{\"type\":\"map\",\"data\":" + open.repeat(500_000));
      assertThat(message).isInstanceOf(Message.Rejected.class);
      assertThat(((Message.Rejected) message).reason()).hasSizeLessThan(1_000);
    }
  }

  @Test
  @Timeout(10)
  void aMapOfAMegabyteIsRead() {
    StringBuilder line = new StringBuilder("{\"type\": \"map\", \"data\": {\"@passes\": {");
    int queues = 40_000;
    for (int i = 0; i < queues; i++) {
      // Queues lie where kvzalloc puts them: a fixed distance apart.
      line.append(i == 0 ? "" : ", ")
          .append('"')
          .append(Long.toUnsignedString(VQ + i * 40_960L))
          .append("\": ")
          .append(i);
    }
    line.append("}}}");
    assertThat(line).hasSizeGreaterThan(1 << 20);
    assertThat(map(line.toString()).entries()).hasSize(queues);
  }

  @Test
  @Timeout(value = 60, unit = SECONDS)
  void noDamageMakesItThrowOrHang() {
    long seed = Long.getLong("seed", 20261123L);
    SplittableRandom random = new SplittableRandom(seed);
    List<String> lines =
        List.of(
            "{\"type\": \"map\", \"data\": {\"@desc_ret\": {\"-131391526600512,-14\": 1, \"7,8\":"
                + " 9}}}",
            "{\"type\": \"lost_events\", \"count\": 12, \"data\": {\"events\": 12}}",
            "{\"type\": \"printf\", \"data\": \"tick 2728015151691\\n\"}",
            "{\"type\": \"map\", \"data\": {\"@stack\": {\"178,\\nhandle_rx+12\\nf\\u0041\": 3}}}",
            "{\"type\": \"hist\", \"data\": {\"@h\": [{\"min\": 64, \"count\": 1}]}}");
    String alphabet = "{}[]\",:\\u0d8-9.eE+ntf \n\u0000\ud83d\u00e9x";
    for (int round = 0; round < 200_000; round++) {
      StringBuilder line = new StringBuilder(lines.get(random.nextInt(lines.size())));
      for (int edits = random.nextInt(4); edits >= 0 && line.length() > 1; edits--) {
        int at = random.nextInt(line.length());
        char c = alphabet.charAt(random.nextInt(alphabet.length()));
        switch (random.nextInt(4)) {
          case 0 -> line.setCharAt(at, c);
          case 1 -> line.insert(at, c);
          case 2 -> line.delete(at, Math.min(line.length(), at + 1 + random.nextInt(8)));
          default -> line.append(line, at, line.length());
        }
      }
      String damaged = line.toString();
      assertThatCode(() -> MessageParser.parse(damaged))
          .as("seed %d, round %d: %s", seed, round, damaged)
          .doesNotThrowAnyException();
    }
  }

  private static Message.MapDump map(String line) {
    Message message = MessageParser.parse(line);
    assertThat(message).isInstanceOf(Message.MapDump.class);
    return (Message.MapDump) message;
  }

  private static String onlyKey(String line) {
    return map(line).entries().keySet().iterator().next();
  }

  private static long value(String line) {
    return map(line).entries().values().iterator().next();
  }
}
