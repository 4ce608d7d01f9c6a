package org.vhostwatch.notify;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.QueueIdentity;
import org.vhostwatch.report.JsonText;

/** An incident as Alertmanager's API v2 takes it, with the name of the rule that Prometheus has. */
record Alert(Incident incident) {

  private static final JsonFactory JSON = new JsonFactory();
  private static final String NAME = "VhostQueueLivelocked";

  String id() {
    return incident.id();
  }

  boolean over() {
    return incident.state() == Incident.State.CLOSED;
  }

  /**
   * Returns alerts as one JSON array.
   *
   * @param now the present time, milliseconds since 1970
   * @param until when those that last end unless they are told again
   */
  static String json(List<Alert> alerts, String instance, long now, long until) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartArray();
      for (Alert alert : alerts) {
        alert.write(json, instance, now, until);
      }
      json.writeEndArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private void write(JsonGenerator json, String instance, long now, long until) throws IOException {
    QueueIdentity queue = incident.queue();
    String tap = queue.port().name();
    json.writeStartObject();
    // Times from before the clock was set back may be yet to come: an alert with such an end would
    // last until then. And Alertmanager takes none that ends before it starts.
    long start = Math.min(incident.last().firstSign(), now - 1);
    long end = over() ? Math.min(incident.ended(), now) : until;
    json.writeStringField("startsAt", time(start));
    json.writeStringField("endsAt", time(Math.max(start + 1, end)));
    json.writeObjectFieldStart("labels");
    field(json, "alertname", NAME);
    field(json, "severity", "critical");
    field(json, "instance", instance);
    field(json, "vm", queue.vm());
    field(json, "tap", tap);
    field(json, "queue", String.valueOf(Math.max(0, queue.port().queueIndex())));
    json.writeEndObject();
    json.writeObjectFieldStart("annotations");
    field(json, "summary", "A vhost worker spins for ever; the VM receives nothing.");
    field(
        json,
        "description",
        "VM "
            + queue.vm()
            + ", tap "
            + tap
            + ", queue "
            + Math.max(0, queue.port().queueIndex())
            + ": livelocked, incident "
            + id()
            + ".");
    json.writeEndObject();
    json.writeEndObject();
  }

  /** Alertmanager takes an empty label for none. */
  private static void field(JsonGenerator json, String name, String value) throws IOException {
    if (!value.isEmpty()) {
      json.writeStringField(name, JsonText.wellFormed(value));
    }
  }

  private static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }
}
