package org.vhostwatch.exposure;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.state.StateDirectory;

/**
 * The result of a drill that decided, kept for {@link KernelRater}.
 *
 * @param kernel what it is true of; no live patch was in transition
 * @param time when it ended, ISO 8601
 * @param spins whether the worker spun
 * @param sentence the drill's own words
 */
public record DrillRecord(KernelIdentity kernel, String time, boolean spins, String sentence) {

  /** The file's name in the state folder. */
  public static final String FILE = "drill.json";

  private static final String SCHEMA = "vhostwatch.drill-result/1";
  private static final int MAX_BYTES = 16 << 10;
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  public DrillRecord {
    if (kernel.moving()) {
      throw new IllegalArgumentException("a live patch was in transition: " + kernel);
    }
  }

  /** Writes it. */
  public void write(StateDirectory state) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("schema", SCHEMA);
      json.writeStringField("time", time);
      json.writeStringField("result", spins ? "spun" : "slept");
      json.writeStringField("sentence", sentence);
      json.writeStringField("boot_id", kernel.bootId());
      json.writeStringField("release", kernel.release());
      json.writeStringField("version", kernel.version());
      json.writeStringField("code", kernel.code());
      json.writeEndObject();
    }
    bytes.write('\n');
    state.write(FILE, bytes.toByteArray());
  }

  /**
   * Reads the last one; empty if there is none.
   *
   * @throws IOException if there is one that cannot be read, or it is none of ours
   */
  static Optional<DrillRecord> read(StateDirectory state) throws IOException {
    Optional<byte[]> bytes = state.read(FILE, MAX_BYTES);
    if (bytes.isEmpty()) {
      return Optional.empty();
    }
    Map<String, String> fields = fields(bytes.get());
    String result = fields.getOrDefault("result", "");
    if (!SCHEMA.equals(fields.get("schema"))
        || !(result.equals("spun") || result.equals("slept"))) {
      throw new IOException("not a result of a drill");
    }
    return Optional.of(
        new DrillRecord(
            new KernelIdentity(
                fields.getOrDefault("boot_id", ""),
                fields.getOrDefault("release", ""),
                fields.getOrDefault("version", ""),
                fields.getOrDefault("code", ""),
                false),
            fields.getOrDefault("time", ""),
            result.equals("spun"),
            fields.getOrDefault("sentence", "")));
  }

  private static Map<String, String> fields(byte[] bytes) throws IOException {
    Map<String, String> fields = new HashMap<>();
    try (JsonParser json = JSON.createParser(bytes)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not a JSON object");
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        if (json.nextToken() == JsonToken.VALUE_STRING) {
          fields.put(name, json.getText());
        } else {
          json.skipChildren();
        }
      }
      if (json.currentToken() != JsonToken.END_OBJECT) {
        throw new IOException("the object does not end");
      }
    }
    return fields;
  }
}
