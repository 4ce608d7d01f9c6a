package org.vhostwatch.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One JSON object, written in order. The text is pure ASCII: what stands in a name can neither
 * depend on the locale of stdout nor reach a terminal as a control sequence. What is not known is
 * null, so that no number has to stand for "unknown".
 */
public final class JsonText {

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
  private static final DefaultIndenter INDENTER = new DefaultIndenter("  ", "\n");
  private static final Separators SEPARATORS =
      Separators.createDefaultInstance()
          .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
          .withObjectEmptySeparator("")
          .withArrayEmptySeparator("");

  /** Digits kept after the point: a thousandth of each unit that is used here says nothing more. */
  private static final double PRECISION = 1000;

  private final JsonGenerator json;

  private JsonText(JsonGenerator json) {
    this.json = json;
  }

  /** Returns the object whose fields are written by {@code fields}, with a line end. */
  public static String of(Consumer<JsonText> fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.setPrettyPrinter(new DefaultPrettyPrinter(SEPARATORS).withObjectIndenter(INDENTER));
      json.writeStartObject();
      fields.accept(new JsonText(json));
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.append('\n').toString();
  }

  /** Returns the same object in one line, without a line end. */
  public static String line(Consumer<JsonText> fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      fields.accept(new JsonText(json));
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  public JsonText text(String name, @Nullable String value) {
    return write(
        name, value == null ? JsonGenerator::writeNull : out -> out.writeString(wellFormed(value)));
  }

  /** Writes the text, null if it is empty: an empty name is one that is not known. */
  public JsonText name(String name, String value) {
    return text(name, value.isEmpty() ? null : value);
  }

  /** Writes a constant's name in lower case. */
  public JsonText constant(String name, Enum<?> value) {
    return text(name, value.name().toLowerCase(Locale.ROOT));
  }

  public JsonText flag(String name, boolean value) {
    return write(name, out -> out.writeBoolean(value));
  }

  public JsonText number(String name, long value) {
    return write(name, out -> out.writeNumber(value));
  }

  /** Writes the number, null if it is below 0, which stands for "not measured" in the program. */
  public JsonText count(String name, long value) {
    return value < 0 ? nothing(name) : number(name, value);
  }

  /** Writes the number with three digits after the point, null if it is none. */
  public JsonText fraction(String name, double value) {
    return Double.isFinite(value)
        ? write(name, out -> out.writeNumber(Math.rint(value * PRECISION) / PRECISION))
        : nothing(name);
  }

  /** Writes an unsigned number as a string: it can be above what readers of JSON keep exactly. */
  public JsonText hex(String name, long value) {
    return text(name, "0x" + Long.toHexString(value));
  }

  public JsonText nothing(String... names) {
    for (String name : names) {
      write(name, JsonGenerator::writeNull);
    }
    return this;
  }

  public JsonText object(String name, Consumer<JsonText> fields) {
    return write(
        name,
        out -> {
          out.writeStartObject();
          fields.accept(this);
          out.writeEndObject();
        });
  }

  public <T> JsonText objects(String name, Collection<T> items, BiConsumer<JsonText, T> fields) {
    return write(
        name,
        out -> {
          out.writeStartArray();
          for (T item : items) {
            out.writeStartObject();
            fields.accept(this, item);
            out.writeEndObject();
          }
          out.writeEndArray();
        });
  }

  public JsonText texts(String name, Collection<String> items) {
    return write(
        name,
        out -> {
          out.writeStartArray();
          for (String item : items) {
            out.writeString(wellFormed(item));
          }
          out.writeEndArray();
        });
  }

  public JsonText numbers(String name, Collection<Long> items) {
    return write(
        name,
        out -> {
          out.writeStartArray();
          for (long item : items) {
            out.writeNumber(item);
          }
          out.writeEndArray();
        });
  }

  /** Writes a histogram: an object with the values as names. */
  public JsonText counts(String name, Map<Long, Long> counts) {
    return object(
        name, fields -> counts.forEach((value, count) -> number(String.valueOf(value), count)));
  }

  /** Writes a JSON text that was written before, as it is but for its indentation. */
  public JsonText raw(String name, String text) {
    return write(
        name,
        out -> {
          try (JsonParser parser = JSON.createParser(text)) {
            parser.nextToken();
            out.copyCurrentStructure(parser);
          }
        });
  }

  private interface Value {
    void write(JsonGenerator out) throws IOException;
  }

  private JsonText write(String name, Value value) {
    try {
      json.writeFieldName(name);
      value.write(json);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the text with each lone surrogate as U+FFFD: many readers refuse the whole object. */
  public static String wellFormed(String text) {
    StringBuilder whole = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            point ->
                whole.appendCodePoint(
                    Character.getType(point) == Character.SURROGATE ? 0xfffd : point));
    return whole.toString();
  }
}
