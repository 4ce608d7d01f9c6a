package org.vhostwatch.incident;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object that was read, with questions that a damaged one answers with an {@link
 * IOException} and nothing else.
 */
final class JsonTree {

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /** Deeper than any file of this program; a hostile one must not use up the stack. */
  private static final int MAX_DEPTH = 32;

  private final Map<?, ?> fields;

  private JsonTree(Map<?, ?> fields) {
    this.fields = fields;
  }

  /** Reads one object and nothing after it. */
  static JsonTree parse(String text) throws IOException {
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not a JSON object");
      }
      Object object = value(parser, 0);
      if (parser.nextToken() != null) {
        throw new IOException("more than one JSON object");
      }
      return new JsonTree((Map<?, ?>) object);
    }
  }

  private static Object value(JsonParser parser, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("nested too deeply");
    }
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> object = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          object.put(name, value(parser, depth + 1));
        }
        if (parser.currentToken() != JsonToken.END_OBJECT) {
          throw new IOException("the object does not end");
        }
        yield object;
      }
      case START_ARRAY -> {
        List<Object> array = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          if (parser.currentToken() == null) {
            throw new IOException("the array does not end");
          }
          array.add(value(parser, depth + 1));
        }
        yield array;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> Optional.empty();
      default -> throw new IOException("unexpected " + parser.currentToken());
    };
  }

  /** Returns the value's JSON text. */
  static String write(Object value) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      write(out, value);
    }
    return text.toString();
  }

  private static void write(JsonGenerator out, Object value) throws IOException {
    if (value instanceof Map<?, ?> object) {
      out.writeStartObject();
      for (Map.Entry<?, ?> entry : object.entrySet()) {
        out.writeFieldName((String) entry.getKey());
        write(out, entry.getValue());
      }
      out.writeEndObject();
    } else if (value instanceof List<?> array) {
      out.writeStartArray();
      for (Object item : array) {
        write(out, item);
      }
      out.writeEndArray();
    } else if (value instanceof String text) {
      out.writeString(text);
    } else if (value instanceof Long number) {
      out.writeNumber(number);
    } else if (value instanceof Double number) {
      out.writeNumber(number);
    } else if (value instanceof Boolean flag) {
      out.writeBoolean(flag);
    } else {
      out.writeNull();
    }
  }

  String text(String name) throws IOException {
    if (get(name) instanceof String text) {
      return text;
    }
    throw wrong(name);
  }

  /** Returns a text, empty if it is null or not there. */
  Optional<String> optional(String name) throws IOException {
    Object value = get(name);
    return value == null || value.equals(Optional.empty())
        ? Optional.empty()
        : Optional.of(text(name));
  }

  long number(String name) throws IOException {
    if (get(name) instanceof Long number) {
      return number;
    }
    throw wrong(name);
  }

  /** Returns a number, {@code none} if it is null or not there. */
  long number(String name, long none) throws IOException {
    Object value = get(name);
    return value == null || value.equals(Optional.empty()) ? none : number(name);
  }

  int integer(String name, int none) throws IOException {
    long number = number(name, none);
    if (number != (int) number) {
      throw wrong(name);
    }
    return (int) number;
  }

  boolean flag(String name) throws IOException {
    if (get(name) instanceof Boolean flag) {
      return flag;
    }
    throw wrong(name);
  }

  List<JsonTree> objects(String name, int most) throws IOException {
    List<JsonTree> objects = new ArrayList<>();
    for (Object item : list(name, most)) {
      if (!(item instanceof Map<?, ?> object)) {
        throw wrong(name);
      }
      objects.add(new JsonTree(object));
    }
    return objects;
  }

  List<String> texts(String name, int most) throws IOException {
    List<String> texts = new ArrayList<>();
    for (Object item : list(name, most)) {
      if (!(item instanceof String text)) {
        throw wrong(name);
      }
      texts.add(text);
    }
    return texts;
  }

  /** Returns the JSON text of an object, empty if it is null or not there. */
  Optional<String> raw(String name) throws IOException {
    Object value = get(name);
    if (value == null || value.equals(Optional.empty())) {
      return Optional.empty();
    }
    if (!(value instanceof Map<?, ?>)) {
      throw wrong(name);
    }
    return Optional.of(write(value));
  }

  /** Returns all fields. */
  Map<?, ?> fields() {
    return fields;
  }

  private List<?> list(String name, int most) throws IOException {
    Object value = get(name);
    if (!(value instanceof List<?> list) || list.size() > most) {
      throw wrong(name);
    }
    return list;
  }

  private @Nullable Object get(String name) {
    return fields.get(name);
  }

  private static IOException wrong(String name) {
    return new IOException("\"" + name + "\" is missing or of the wrong kind");
  }
}
