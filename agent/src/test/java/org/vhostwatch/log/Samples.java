package org.vhostwatch.log;

import java.util.EnumMap;
import java.util.Map;

/** Events to write. */
final class Samples {

  static final long WALL = 1_795_000_000_007L;

  private Samples() {}

  /** An event whose texts are all {@code text}, and whose numbers are all {@code number}. */
  static Entry full(Event event, String text, long number) {
    Map<Field, Object> values = new EnumMap<>(Field.class);
    for (Field field : event.fields()) {
      boolean numeric = field.kind() == Field.Kind.ID || field.kind() == Field.Kind.NUMBER;
      values.put(field, numeric ? (Object) number : text);
    }
    return Entry.of(event, values, 0, WALL);
  }

  static Entry livelock(String vm, String tap, long vq) {
    return Entry.of(
        Event.LIVELOCK_BEGINS,
        Map.of(
            Field.VM,
            vm,
            Field.TAP,
            tap,
            Field.QUEUE,
            0L,
            Field.TID,
            453L,
            Field.CONFIDENCE,
            "high",
            Field.SUMMARY,
            "it spins"),
        vq,
        WALL);
  }
}
