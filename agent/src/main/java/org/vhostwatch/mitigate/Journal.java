package org.vhostwatch.mitigate;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.vhostwatch.state.StateDirectory;

/**
 * What was before, on disk: {@code mitigation.json} in the state folder. Whoever changes it holds
 * its lock from reading to writing.
 */
final class Journal {
  static final String FILE = "mitigation.json";
  static final String SCHEMA = "vhostwatch.mitigation-journal/1";
  private static final String LOCK = "mitigation.lock";

  /** Thousands of taps. */
  private static final int MAX_BYTES = 8 << 20;

  static final int MAX_ENTRIES = 10_000;
  private static final JsonFactory JSON = new JsonFactory();

  private final StateDirectory folder;

  Journal(StateDirectory folder) {
    this.folder = folder;
  }

  /** What is done with the journal while nobody else changes it. */
  interface Work<T> {
    T run() throws IOException, InterruptedException;
  }

  /**
   * Does some work while no other process can change the journal.
   *
   * @param patience how long to wait for those that do
   * @throws IOException if they take longer, or the folder cannot be written
   */
  <T> T alone(Duration patience, Work<T> work) throws IOException, InterruptedException {
    Closeable lock = folder.lock(LOCK, patience);
    try {
      return work.run();
    } finally {
      lock.close();
    }
  }

  /**
   * Returns all entries.
   *
   * @throws IOException if it cannot be read, or is not ours; then nobody may write over it
   */
  List<Entry> read() throws IOException {
    Optional<byte[]> content = folder.read(FILE, MAX_BYTES);
    if (content.isEmpty()) {
      return List.of();
    }
    try (JsonParser in = JSON.createParser(content.get())) {
      return entries(in);
    } catch (JsonProcessingException | IllegalStateException e) {
      throw new IOException(
          folder.path().resolve(FILE)
              + " is damaged or of another version ("
              + e.getMessage()
              + "): it tells what to restore, so it is not written over; move it away to go on",
          e);
    }
  }

  /**
   * Replaces all entries; on return they are on the disk.
   *
   * @throws IOException if they cannot be written, or are more than {@link #read} would take; then
   *     all is as before
   */
  void write(List<Entry> entries) throws IOException {
    byte[] bytes = bytes(entries);
    if (entries.size() > MAX_ENTRIES || bytes.length > MAX_BYTES) {
      throw new IOException(
          folder.path().resolve(FILE)
              + " is not written: "
              + entries.size()
              + " taps in "
              + bytes.length
              + " bytes could not be read again (at most "
              + MAX_ENTRIES
              + " in "
              + MAX_BYTES
              + "); `vhostwatch mitigate --undo` of some makes room");
    }
    folder.write(FILE, bytes);
  }

  static byte[] bytes(List<Entry> entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = JSON.createGenerator(bytes)) {
      out.useDefaultPrettyPrinter();
      out.writeStartObject();
      out.writeStringField("schema", SCHEMA);
      out.writeArrayFieldStart("taps");
      for (Entry entry : entries) {
        write(out, entry);
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static void write(JsonGenerator out, Entry entry) throws IOException {
    out.writeStartObject();
    out.writeStringField("boot_id", entry.boot());
    out.writeNumberField("netns", entry.netns());
    // As text: above what readers of JSON keep exactly.
    out.writeStringField("netns_cookie", Long.toUnsignedString(entry.cookie()));
    out.writeNumberField("ifindex", entry.ifindex());
    out.writeStringField("tap", entry.name());
    out.writeStringField("driver", entry.driver());
    out.writeStringField("vm", entry.vm());
    out.writeStringField("time", entry.time());
    out.writeObjectFieldStart("requested");
    for (Map.Entry<String, Boolean> feature : entry.requested().entrySet()) {
      out.writeBooleanField(feature.getKey(), feature.getValue());
    }
    out.writeEndObject();
    out.writeEndObject();
  }

  private static List<Entry> entries(JsonParser in) throws IOException {
    List<Entry> entries = new ArrayList<>();
    boolean schema = false;
    expect(in.nextToken() == JsonToken.START_OBJECT, "no object");
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String field = in.currentName();
      JsonToken value = in.nextToken();
      if (field.equals("schema")) {
        expect(SCHEMA.equals(in.getValueAsString()), "schema " + in.getValueAsString());
        schema = true;
      } else if (field.equals("taps")) {
        expect(value == JsonToken.START_ARRAY, "taps is no array");
        while (in.nextToken() == JsonToken.START_OBJECT) {
          expect(entries.size() < MAX_ENTRIES, "too many taps");
          entries.add(entry(in));
        }
      } else {
        in.skipChildren();
      }
    }
    expect(schema, "no schema");
    return entries;
  }

  private static Entry entry(JsonParser in) throws IOException {
    Map<String, String> texts = new TreeMap<>();
    SortedMap<String, Boolean> requested = new TreeMap<>();
    boolean features = false;
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String field = in.currentName();
      JsonToken value = in.nextToken();
      if (field.equals("requested")) {
        expect(value == JsonToken.START_OBJECT, "requested is no object");
        features = true;
        while (in.nextToken() == JsonToken.FIELD_NAME) {
          String feature = in.currentName();
          in.nextToken();
          requested.put(feature, in.getBooleanValue());
        }
      } else if (value.isScalarValue()) {
        texts.put(field, in.getText());
      } else {
        in.skipChildren();
      }
    }
    expect(features, "a tap without what was requested");
    try {
      return new Entry(
          text(texts, "boot_id"),
          Long.parseLong(text(texts, "netns")),
          Long.parseUnsignedLong(text(texts, "netns_cookie")),
          Integer.parseInt(text(texts, "ifindex")),
          text(texts, "tap"),
          text(texts, "driver"),
          text(texts, "vm"),
          text(texts, "time"),
          requested);
    } catch (NumberFormatException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static String text(Map<String, String> texts, String field) {
    String text = texts.get(field);
    expect(text != null, "a tap without " + field);
    return text == null ? "" : text;
  }

  private static void expect(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException(otherwise);
    }
  }
}
