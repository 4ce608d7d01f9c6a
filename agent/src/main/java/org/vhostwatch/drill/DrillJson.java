package org.vhostwatch.drill;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Writes a report as one JSON object on one line, schema {@code vhostwatch.drill/1}. */
public final class DrillJson {
  /** Value of the field {@code schema}; the number rises when a field changes its meaning. */
  public static final String SCHEMA = "vhostwatch.drill/1";

  private static final JsonFactory FACTORY = new JsonFactory();

  private DrillJson() {}

  /** Returns the object, without a line end. */
  public static String write(DrillReport report) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      Measurement seen = report.measurement();
      json.writeStartObject();
      json.writeStringField("schema", SCHEMA);
      json.writeStringField("kernel", report.kernel());
      json.writeStringField("result", report.result().name());
      json.writeStringField("summary", report.sentence());
      json.writeNumberField("exit_code", report.exitCode());
      json.writeBooleanField("interrupted", seen.interrupted());
      writeOptions(json, report.options());
      json.writeStringField("tap", report.tap());
      json.writeNumberField("ifindex", report.interfaceIndex());
      json.writeArrayFieldStart("worker_tids");
      for (int tid : seen.workers()) {
        json.writeNumber(tid);
      }
      json.writeEndArray();
      boolean starves = report.options().behaviour().starves();
      writeMoment(json, starves ? "onset" : "start", seen.onset());
      writeMoment(json, starves ? "refill" : "end", seen.end());
      json.writeNumberField("seconds", rounded(seen.seconds()));
      json.writeNumberField("worker_cpu_share", rounded(seen.cpuShare()));
      if (starves) {
        json.writeBooleanField("frame_delivered", seen.delivered());
        writeMillis(json, "recovery_ms", seen.recovery());
      }
      json.writeNumberField("frames_sent", report.traffic().sent());
      json.writeNumberField("frames_refused", report.traffic().refused());
      json.writeNumberField("packets_received", report.traffic().received());
      json.writeEndObject();
    }
    return text.toString();
  }

  private static void writeOptions(JsonGenerator json, DrillOptions options) throws IOException {
    json.writeObjectFieldStart("options");
    json.writeStringField("behaviour", options.behaviour().label());
    json.writeNumberField("seconds", options.duration().toSeconds());
    json.writeNumberField("refill_after_seconds", options.refillAfter().toSeconds());
    json.writeNumberField("frame_bytes", options.frameBytes());
    json.writeNumberField("buffers", options.buffers());
    json.writeNumberField("buffer_bytes", options.bufferBytes());
    json.writeNumberField("buffers_per_frame", options.buffersPerFrame());
    json.writeNumberField("ring_size", options.ringSize());
    json.writeBooleanField("mrg_rxbuf", options.features().mergeable());
    json.writeBooleanField("in_order", options.features().inOrder());
    json.writeBooleanField("event_idx", options.features().eventIdx());
    json.writeEndObject();
  }

  private static void writeMoment(JsonGenerator json, String name, Moment moment)
      throws IOException {
    json.writeObjectFieldStart(name);
    json.writeStringField("time", moment.wallClock().toString());
    json.writeNumberField("monotonic_ns", moment.monotonicNanos());
    json.writeNumberField("used_idx", moment.usedIndex());
    json.writeNumberField("posted_buffers", moment.posted());
    json.writeNumberField("worker_cpu_ms", moment.workerCpuMillis());
    json.writeEndObject();
  }

  private static void writeMillis(JsonGenerator json, String name, @Nullable Duration duration)
      throws IOException {
    if (duration == null) {
      json.writeNullField(name);
    } else {
      json.writeNumberField(name, duration.toMillis());
    }
  }

  /** Three digits after the point: CPU time is not known any better. */
  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
