package org.vhostwatch.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vhostwatch.report.ParsedJson;
import org.vhostwatch.report.Printable;

class LineFormatTest {

  /** Half of what journald takes for one line. */
  private static final int MAX_BYTES = 24 << 10;

  private static final Entry PLAIN = Samples.livelock("web01", "vnet3", 1);

  static Stream<String> hostile() {
    return Hostile.NAMES.stream();
  }

  @Test
  void aLineOfTextHasTimePriorityEventFieldsAndMessage() {
    assertThat(LineFormat.TEXT.line(PLAIN))
        .startsWith(
            "2026-11-18T11:06:40.007Z crit livelock-begins vm=web01 tap=vnet3 queue=0 tid=453:"
                + " LIVELOCKED (confidence high): it spins; ");
  }

  @Test
  void theJournalIsToldThePriorityAndHasTheTimeItself() {
    assertThat(LineFormat.JOURNAL.line(PLAIN))
        .startsWith("<2>livelock-begins vm=web01 tap=vnet3 queue=0 tid=453: LIVELOCKED (");
  }

  @Test
  void colourIsOfThePriorityAloneAndEndsThere() {
    assertThat(LineFormat.COLOUR.line(PLAIN))
        .matches("\\d\\d:\\d\\d:\\d\\d \u001b\\[1;31mCRIT    \u001b\\[0mlivelock-begins vm=.*");
    assertThat(LineFormat.COLOUR.line(PLAIN).replaceAll("\u001b\\[[0-9;]*m", ""))
        .isEqualTo(LineFormat.TERMINAL.line(PLAIN));
  }

  @Test
  void jsonHasEachFieldAndNullForWhatIsNotKnown() {
    Entry entry =
        Entry.of(
                Event.LIVELOCK_ENDS,
                Map.of(Field.VM, "web01", Field.QUEUE, 3L, Field.NOW, "the queue is gone"),
                1,
                Samples.WALL)
            .standingFor(41, 60);
    Map<String, Object> json = ParsedJson.object(LineFormat.JSON.line(entry));
    assertThat(json.keySet())
        .containsExactly(
            "ts",
            "priority",
            "level",
            "event",
            "message",
            "vm",
            "tap",
            "queue",
            "tid",
            "now",
            "more",
            "more_seconds");
    assertThat(json)
        .containsEntry("ts", "2026-11-18T11:06:40.007Z")
        .containsEntry("priority", 5L)
        .containsEntry("level", "notice")
        .containsEntry("event", "livelock-ends")
        .containsEntry("message", "LIVELOCKED ended: the queue is gone (and 41 more in 60 s)")
        .containsEntry("queue", 3L)
        .containsEntry("tap", null)
        .containsEntry("more", 41L);
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void noNameForgesALineAFieldOrAPriority(String name) {
    for (Event event : Event.values()) {
      Entry entry = Samples.full(event, name, 7);
      for (LineFormat format : LineFormat.values()) {
        String line = format.line(entry);
        String own = line.replaceAll("\u001b\\[[0-9;]*m(?=[A-Z]|[a-z])", "");
        assertThat(format == LineFormat.COLOUR ? own : line)
            .as("%s %s", format, event)
            .isEqualTo(Printable.line(format == LineFormat.COLOUR ? own : line, line.length()));
        assertThat(line.getBytes(StandardCharsets.UTF_8).length)
            .as("%s %s", format, event)
            .isLessThan(MAX_BYTES);
      }
      String prefix = "<" + event.priority().number() + ">";
      String line = LineFormat.JOURNAL.line(entry);
      assertThat(line).startsWith(prefix + event.word());
      ReadLine read = ReadLine.of(line.substring(prefix.length()));
      assertThat(read.event()).isEqualTo(event.word());
      assertThat(read.fields().keySet())
          .containsExactlyElementsOf(
              event.fields().stream().filter(Field::stands).map(Field::word).toList());
      assertThat(read.message()).isEqualTo(entry.message());
      Map<String, Object> json = ParsedJson.object(LineFormat.JSON.line(entry));
      assertThat(json).containsEntry("event", event.word());
      assertThat(json).hasSize(5 + event.fields().size());
    }
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void aNameIsReadBackAsItWasWrittenForPeople(String name) {
    ReadLine read = ReadLine.of(Samples.livelock(name, "vnet3", 1).prefix() + ": x");
    assertThat(read.fields())
        .containsEntry("vm", Printable.of(name).replace("\\\\", "\\"))
        .containsEntry("tap", "vnet3");
  }

  @Test
  void namesInJsonAreWhatTheyAre() {
    String name = "a\n\" tap=\u202e\\";
    assertThat(ParsedJson.object(LineFormat.JSON.line(Samples.livelock(name, "vnet3", 1))))
        .containsEntry("vm", name);
    assertThat(LineFormat.JSON.line(Samples.livelock(name, "vnet3", 1))).matches("[ -~]+");
  }

  @ParameterizedTest
  @EnumSource(Event.class)
  void whatIsNotKnownLeavesASentence(Event event) {
    String message = Entry.of(event, Map.of(), 0, Samples.WALL).message();
    assertThat(message).isNotBlank().doesNotContain("{", "}", "null");
  }
}
