package org.vhostwatch.evidence;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.vhostwatch.exposure.Clue;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.probe.EvidencePlan;
import org.vhostwatch.probe.Measurement;

/**
 * Writes the events of an examination, one JSON object a line, so that {@link RecordingReader} can
 * play them again. The first line names the format.
 */
public final class Recording implements Closeable {

  /** The format's name and version, the value of {@code "format"} in the first line. */
  public static final String FORMAT = "vhostwatch.recording/1";

  // In ASCII: what is no text, such as half a surrogate pair in a VM's name, must come back too.
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final OutputStream out;

  private Recording(OutputStream out) throws IOException {
    this.out = out;
    line(json -> json.writeStringField("format", FORMAT));
  }

  /** Writes to a stream, which {@link #close} closes. */
  public static Recording to(OutputStream out) throws IOException {
    return new Recording(out);
  }

  /** Adds an event. */
  public void add(long at, Event event) throws IOException {
    line(
        json -> {
          json.writeNumberField("at", at);
          if (event instanceof Event.Host host) {
            host(json, host);
          } else if (event instanceof Event.Workers workers) {
            workers(json, workers);
          } else if (event instanceof Event.Ports seen) {
            ports(json, seen);
          } else if (event instanceof Event.Around around) {
            SurroundingsFields.write(json, around.surroundings());
          } else if (event instanceof Event.Begin begin) {
            json.writeStringField("begin", begin.source().name());
            if (begin.plan() != null) {
              plan(json, begin.plan());
            }
          } else if (event instanceof Event.Line line) {
            json.writeStringField("line", line.source().name());
            json.writeStringField("text", line.text());
          } else if (event instanceof Event.End end) {
            json.writeStringField("end", end.source().name());
            json.writeStringField("trouble", end.trouble());
          }
        });
  }

  private static void host(JsonGenerator json, Event.Host host) throws IOException {
    json.writeObjectFieldStart("host");
    json.writeNumberField("wallMillis", host.wallMillis());
    json.writeStringField("kernel", host.kernel());
    json.writeStringField("bpftrace", host.bpftrace());
    json.writeBooleanField("indices", host.indices());
    json.writeArrayFieldStart("measurements");
    for (Measurement measurement : host.measurements()) {
      json.writeStartObject();
      json.writeStringField("what", measurement.what());
      json.writeStringField("how", measurement.how());
      json.writeStringField("quality", measurement.quality().name());
      json.writeEndObject();
    }
    json.writeEndArray();
    if (host.exposure().isPresent()) {
      exposure(json, host.exposure().get());
    }
    json.writeEndObject();
  }

  private static void exposure(JsonGenerator json, KernelExposure exposure) throws IOException {
    json.writeObjectFieldStart("exposure");
    json.writeStringField("status", exposure.status().name());
    json.writeStringField("reason", exposure.reason());
    json.writeStringField("upstream", exposure.upstream());
    json.writeArrayFieldStart("clues");
    for (Clue clue : exposure.clues()) {
      json.writeStartObject();
      json.writeStringField("source", clue.source().name());
      json.writeStringField("says", clue.says().name());
      json.writeBooleanField("decides", clue.decides());
      json.writeStringField("text", clue.text());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void workers(JsonGenerator json, Event.Workers seen) throws IOException {
    json.writeArrayFieldStart("workers");
    for (Worker worker : seen.workers()) {
      json.writeStartObject();
      json.writeNumberField("tid", worker.tid());
      json.writeNumberField("tgid", worker.tgid());
      json.writeNumberField("startTicks", worker.startTicks());
      json.writeStringField("comm", worker.comm());
      json.writeStringField("kind", worker.kind().name());
      json.writeStringField("state", String.valueOf(worker.state()));
      json.writeNumberField("cpuTicks", worker.cpuTicks());
      json.writeNumberField("waitedNanos", worker.waitedNanos());
      json.writeNumberField("cpu", worker.cpu());
      json.writeNumberField("nice", worker.nice());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("vmms");
    for (Vmm vmm : seen.vmms()) {
      json.writeStartObject();
      json.writeNumberField("pid", vmm.pid());
      json.writeNumberField("startTicks", vmm.startTicks());
      json.writeStringField("comm", vmm.comm());
      json.writeStringField("name", vmm.name());
      if (vmm.uuid().isPresent()) {
        json.writeStringField("uuid", vmm.uuid().get());
      }
      if (vmm.vmid().isPresent()) {
        json.writeStringField("vmid", vmm.vmid().get());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void ports(JsonGenerator json, Event.Ports seen) throws IOException {
    json.writeArrayFieldStart("ports");
    List<Map.Entry<WorkerId, TapPort>> ordered =
        seen.ports().entrySet().stream()
            .sorted(Comparator.comparingInt(entry -> entry.getKey().tid()))
            .toList();
    for (Map.Entry<WorkerId, TapPort> entry : ordered) {
      TapPort port = entry.getValue();
      json.writeStartObject();
      json.writeNumberField("tid", entry.getKey().tid());
      json.writeNumberField("startTicks", entry.getKey().startTicks());
      json.writeStringField("name", port.name());
      json.writeNumberField("ifindex", port.ifindex());
      json.writeStringField("master", port.master());
      json.writeNumberField("netns", port.netns());
      json.writeNumberField("index", port.queueIndex());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void plan(JsonGenerator json, EvidencePlan plan) throws IOException {
    json.writeObjectFieldStart("plan");
    json.writeArrayFieldStart("workers");
    for (int tid : plan.workers().stream().sorted().toList()) {
      json.writeNumber(tid);
    }
    json.writeEndArray();
    json.writeBooleanField("indices", plan.indices());
    json.writeBooleanField("getRxBufs", plan.getRxBufs());
    json.writeStringField("peekFunction", plan.peekFunction());
    json.writeStringField("descriptorFunction", plan.descriptorFunction());
    json.writeBooleanField("recvmsg", plan.recvmsg());
    json.writeBooleanField("signalled", plan.signalled());
    json.writeBooleanField("gaveUp", plan.gaveUp());
    json.writeEndObject();
  }

  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  private void line(Fields fields) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    }
    out.write(text.append('\n').toString().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
