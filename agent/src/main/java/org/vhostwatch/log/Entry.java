package org.vhostwatch.log;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.report.Printable;

/**
 * An event that happened. Everything that comes from outside is made harmless here, and nowhere
 * else: as text by {@link #message} and {@link #prefix}.
 *
 * @param values a text or a whole number for each field that is known
 * @param vq address of the queue it is about, 0 if it is about none
 * @param wallMillis when it happened, milliseconds since 1970
 * @param more how many like it this one stands for, beside itself
 * @param seconds the time in which they came
 */
record Entry(
    Event event, Map<Field, Object> values, long vq, long wallMillis, long more, long seconds) {

  private static final int MAX_NAME = 256;
  private static final int MAX_TEXT = 600;

  /** What makes an event the same as one before. */
  record Key(Event event, long vq, List<Object> of) {}

  static Entry of(Event event, Map<Field, Object> values, long vq, long wallMillis) {
    Map<Field, Object> own = new EnumMap<>(Field.class);
    own.putAll(values);
    return new Entry(event, own, vq, wallMillis, 0, 0);
  }

  Entry standingFor(long others, long within) {
    return others == 0 ? this : new Entry(event, values, vq, wallMillis, others, within);
  }

  Key key() {
    List<Object> of = new ArrayList<>();
    for (Field field : event.fields()) {
      Object value = values.get(field);
      if (value == null) {
        continue;
      }
      switch (field.kind()) {
        case NAME, ID -> of.add(value);
        case MATTER -> of.add(text(field).replaceAll("[0-9]+", "0"));
        default -> {}
      }
    }
    return new Key(event, vq, of);
  }

  /** Returns a field's value as it may stand in a sentence; empty if it is not known. */
  private String text(Field field) {
    Object value = values.get(field);
    if (value == null) {
      return "";
    }
    return switch (field.kind()) {
      case NAME -> Printable.of(value.toString(), MAX_NAME);
      case TEXT, MATTER -> Printable.of(value.toString(), MAX_TEXT);
      case LINE -> Printable.line(value.toString(), MAX_TEXT);
      case ID, NUMBER -> value.toString();
    };
  }

  /** Returns a field's value as it is, no longer than it may be; null if it is not known. */
  @Nullable Object value(Field field) {
    Object value = values.get(field);
    if (!(value instanceof String text)) {
      return value;
    }
    int most = field.kind() == Field.Kind.NAME ? MAX_NAME : MAX_TEXT;
    return text.codePointCount(0, text.length()) <= most
        ? text
        : text.substring(0, text.offsetByCodePoints(0, most)) + "...";
  }

  /** Returns what happened, in words. */
  String message() {
    StringBuilder words = new StringBuilder();
    String wanted = event.message();
    int from = 0;
    for (int open = wanted.indexOf('{'); open >= 0; open = wanted.indexOf('{', from)) {
      int close = wanted.indexOf('}', open);
      words.append(wanted, from, open);
      words.append(named(wanted.substring(open + 1, close)));
      from = close + 1;
    }
    words.append(wanted, from, wanted.length());
    if (more > 0) {
      words.append(" (and ").append(more).append(" more in ").append(seconds).append(" s)");
    }
    return words.toString();
  }

  /** Returns its line, as the library's own layouts would write it. */
  @Override
  public String toString() {
    return prefix() + ": " + message();
  }

  private String named(String word) {
    for (Field field : event.fields()) {
      if (field.word().equals(word)) {
        String text = text(field);
        return text.isEmpty() ? "(unknown)" : text;
      }
    }
    throw new IllegalStateException(event + " has no field " + word);
  }

  /**
   * Returns the event's name and of whom it is: {@code name field=value ...}. A value that is not
   * made of harmless characters stands in quotes, which it cannot end: what follows the first colon
   * and blank outside of quotes is the message, whatever a VM is called.
   */
  String prefix() {
    StringBuilder prefix = new StringBuilder(event.word());
    for (Field field : event.fields()) {
      if (field.stands() && values.get(field) != null) {
        prefix.append(' ').append(field.word()).append('=').append(shown(field));
      }
    }
    return prefix.toString();
  }

  private String shown(Field field) {
    String text = String.valueOf(values.get(field));
    return text.length() <= MAX_NAME && text.chars().allMatch(Entry::plain)
        ? text
        : Printable.quoted(text);
  }

  private static boolean plain(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '_'
        || c == '-';
  }
}
