package org.vhostwatch.evidence;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.host.Surroundings;

/** The surroundings of a queue as a line of a recording. */
final class SurroundingsFields {

  private SurroundingsFields() {}

  static void write(JsonGenerator json, Surroundings seen) throws IOException {
    json.writeObjectFieldStart("around");
    json.writeNumberField("vq", seen.vq());
    json.writeNumberField("nanos", seen.nanos());
    if (seen.worker().isPresent()) {
      scheduling(json, seen.worker().get());
    }
    if (seen.vmm().isPresent()) {
      process(json, seen.vmm().get());
    }
    json.writeArrayFieldStart("onCpu");
    for (Surroundings.Runner runner : seen.onCpu()) {
      runner(json, runner);
    }
    json.writeEndArray();
    json.writeBooleanField("cpuCut", seen.cpuCut());
    if (seen.tap().isPresent()) {
      Surroundings.TapCounters tap = seen.tap().get();
      json.writeObjectFieldStart("tap");
      json.writeStringField("name", tap.name());
      json.writeNumberField("txPackets", tap.txPackets());
      json.writeNumberField("txDropped", tap.txDropped());
      json.writeNumberField("txPacketsMore", tap.txPacketsMore());
      json.writeNumberField("txDroppedMore", tap.txDroppedMore());
      json.writeNumberField("rxPacketsMore", tap.rxPacketsMore());
      json.writeEndObject();
    }
    strings(json, "troubles", seen.troubles());
    json.writeEndObject();
  }

  private static void scheduling(JsonGenerator json, Surroundings.Scheduling worker)
      throws IOException {
    json.writeObjectFieldStart("worker");
    json.writeNumberField("cpu", worker.cpu());
    json.writeStringField("allowed", worker.allowed());
    json.writeNumberField("nice", worker.nice());
    json.writeNumberField("policy", worker.policy());
    json.writeNumberField("rtPriority", worker.rtPriority());
    json.writeNumberField("ranPermille", worker.ranPermille());
    json.writeNumberField("waitedPermille", worker.waitedPermille());
    json.writeEndObject();
  }

  private static void process(JsonGenerator json, Surroundings.VmmState vmm) throws IOException {
    json.writeObjectFieldStart("vmm");
    json.writeNumberField("pid", vmm.pid());
    json.writeStringField("state", String.valueOf(vmm.state()));
    json.writeNumberField("threads", vmm.threads());
    json.writeNumberField("stopped", vmm.stopped());
    if (vmm.frozen().isPresent()) {
      json.writeBooleanField("frozen", vmm.frozen().get());
    }
    json.writeNumberField("uninterruptible", vmm.uninterruptible());
    json.writeArrayFieldStart("waiting");
    for (Surroundings.Waiting waiting : vmm.waiting()) {
      json.writeStartObject();
      json.writeNumberField("tid", waiting.tid());
      json.writeStringField("comm", waiting.comm());
      json.writeStringField("wchan", waiting.wchan());
      strings(json, "stack", waiting.stack());
      json.writeEndObject();
    }
    json.writeEndArray();
    if (vmm.hottest().isPresent()) {
      json.writeFieldName("hottest");
      runner(json, vmm.hottest().get());
    }
    json.writeEndObject();
  }

  private static void runner(JsonGenerator json, Surroundings.Runner runner) throws IOException {
    json.writeStartObject();
    json.writeNumberField("tid", runner.tid());
    json.writeNumberField("pid", runner.pid());
    json.writeStringField("comm", runner.comm());
    json.writeNumberField("permille", runner.permille());
    json.writeNumberField("policy", runner.policy());
    json.writeNumberField("rtPriority", runner.rtPriority());
    json.writeEndObject();
  }

  private static void strings(JsonGenerator json, String name, List<String> texts)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String text : texts) {
      json.writeString(text);
    }
    json.writeEndArray();
  }

  /**
   * @throws IllegalArgumentException if something is missing
   * @throws ClassCastException if something is of another kind
   */
  static Surroundings read(Map<?, ?> fields) {
    List<Surroundings.Runner> onCpu = new ArrayList<>();
    for (Map<?, ?> runner : RecordingReader.maps(RecordingReader.list(fields, "onCpu"))) {
      onCpu.add(runner(runner));
    }
    return new Surroundings(
        RecordingReader.number(fields, "vq"),
        RecordingReader.number(fields, "nanos"),
        part(fields, "worker").map(SurroundingsFields::scheduling),
        part(fields, "vmm").map(SurroundingsFields::process),
        onCpu,
        RecordingReader.flag(fields, "cpuCut"),
        part(fields, "tap").map(SurroundingsFields::tap),
        strings(fields, "troubles"));
  }

  private static Surroundings.Scheduling scheduling(Map<?, ?> fields) {
    return new Surroundings.Scheduling(
        integer(fields, "cpu"),
        RecordingReader.text(fields, "allowed"),
        integer(fields, "nice"),
        integer(fields, "policy"),
        integer(fields, "rtPriority"),
        integer(fields, "ranPermille"),
        integer(fields, "waitedPermille"));
  }

  private static Surroundings.VmmState process(Map<?, ?> fields) {
    List<Surroundings.Waiting> waiting = new ArrayList<>();
    for (Map<?, ?> thread : RecordingReader.maps(RecordingReader.list(fields, "waiting"))) {
      waiting.add(
          new Surroundings.Waiting(
              integer(thread, "tid"),
              RecordingReader.text(thread, "comm"),
              RecordingReader.text(thread, "wchan"),
              strings(thread, "stack")));
    }
    return new Surroundings.VmmState(
        integer(fields, "pid"),
        (RecordingReader.text(fields, "state") + "?").charAt(0),
        integer(fields, "threads"),
        integer(fields, "stopped"),
        fields.get("frozen") instanceof Boolean frozen ? Optional.of(frozen) : Optional.empty(),
        integer(fields, "uninterruptible"),
        waiting,
        part(fields, "hottest").map(SurroundingsFields::runner));
  }

  private static Surroundings.Runner runner(Map<?, ?> fields) {
    return new Surroundings.Runner(
        integer(fields, "tid"),
        integer(fields, "pid"),
        RecordingReader.text(fields, "comm"),
        integer(fields, "permille"),
        integer(fields, "policy"),
        integer(fields, "rtPriority"));
  }

  private static Surroundings.TapCounters tap(Map<?, ?> fields) {
    return new Surroundings.TapCounters(
        RecordingReader.text(fields, "name"),
        RecordingReader.number(fields, "txPackets"),
        RecordingReader.number(fields, "txDropped"),
        RecordingReader.number(fields, "txPacketsMore"),
        RecordingReader.number(fields, "txDroppedMore"),
        RecordingReader.number(fields, "rxPacketsMore"));
  }

  private static Optional<Map<?, ?>> part(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof Map<?, ?> part ? Optional.of(part) : Optional.empty();
  }

  private static List<String> strings(Map<?, ?> fields, String name) {
    List<String> texts = new ArrayList<>();
    for (Object text : RecordingReader.list(fields, name)) {
      texts.add((String) text);
    }
    return texts;
  }

  private static int integer(Map<?, ?> fields, String name) {
    return (int) RecordingReader.number(fields, name);
  }
}
