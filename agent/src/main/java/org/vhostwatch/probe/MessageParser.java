package org.vhostwatch.probe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads lines of {@code bpftrace -f json}, 0.17 to 0.27. Tolerant of what these versions do: blank
 * lines at the exit, warnings on stdout, numbers in quotes, keys said twice. A line that cannot be
 * read is {@link Message.Rejected}, never an exception; so is one that was too long, and a map of
 * more keys than a script can have.
 */
public final class MessageParser {

  private static final JsonFactory JSON =
      JsonFactory.builder()
          // Map keys are addresses and stacks, which never stop being new: keep none of them.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(16).maxNumberLength(64).build())
          .build();

  /** Far more than bpftrace has room for: {@link MapKeys}. */
  static final int MAX_ENTRIES = 1 << 16;

  private MessageParser() {}

  /** Returns what the line says. */
  public static Message parse(String line) {
    if (line.endsWith(LineReader.CUT)) {
      return new Message.Rejected("the line is too long");
    }
    if (!line.startsWith("{")) {
      return new Message.Other(line);
    }
    try (JsonParser json = JSON.createParser(line)) {
      json.nextToken();
      return message(json, line);
    } catch (IOException | NumberFormatException e) {
      return new Message.Rejected(String.valueOf(e.getMessage()));
    }
  }

  private static Message message(JsonParser json, String line) throws IOException {
    String type = "";
    @Nullable Message data = null;
    String text = "";
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      JsonToken value = json.nextToken();
      if (field.equals("type")) {
        type = json.getValueAsString("");
      } else if (field.equals("data") && value == JsonToken.VALUE_STRING) {
        text = json.getText();
      } else if (field.equals("data") && value == JsonToken.START_OBJECT) {
        data = data(json, type);
      } else {
        json.skipChildren();
      }
    }
    if (json.currentToken() != JsonToken.END_OBJECT) {
      return new Message.Rejected("the object does not end");
    }
    if (type.equals("printf")) {
      return new Message.Printf(text.stripTrailing());
    }
    return data != null ? data : new Message.Other(line);
  }

  private static @Nullable Message data(JsonParser json, String type) throws IOException {
    @Nullable Message message = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      if (type.equals("map") && value == JsonToken.START_OBJECT) {
        message = new Message.MapDump(name, entries(json));
      } else if (type.equals("map") && value.isScalarValue()) {
        message = new Message.MapDump(name, Map.of("", number(json)));
      } else if (type.equals("lost_events") && name.equals("events")) {
        message = new Message.LostEvents(number(json));
      } else {
        json.skipChildren();
      }
    }
    if (json.currentToken() != JsonToken.END_OBJECT) {
      throw new IOException("the data of a " + type + " does not end");
    }
    return message;
  }

  private static Map<String, Long> entries(JsonParser json) throws IOException {
    Map<String, Long> entries = new HashMap<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      json.nextToken();
      entries.put(key, number(json));
      if (entries.size() > MAX_ENTRIES) {
        throw new IOException("a map of more than " + MAX_ENTRIES + " keys");
      }
    }
    if (json.currentToken() != JsonToken.END_OBJECT) {
      throw new IOException("a map does not end");
    }
    return entries;
  }

  /** From 0.24 on, integers that a double cannot hold come in quotes. */
  private static long number(JsonParser json) throws IOException {
    return Numbers.parse(json.getText());
  }
}
