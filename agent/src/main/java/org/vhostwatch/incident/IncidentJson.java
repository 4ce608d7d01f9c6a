package org.vhostwatch.incident;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.report.JsonText;

/** Incidents as JSON, and back; docs/json.md describes each field. */
public final class IncidentJson {

  /** Name and version of an incident's format; a field may be added, none changes. */
  public static final String SCHEMA = "vhostwatch.incident/1";

  /** Name and version of the list's format. */
  public static final String LIST_SCHEMA = "vhostwatch.incidents/1";

  /** An id of this program, and so a name of a file. */
  static final Pattern ID = Pattern.compile("\\d{8}T\\d{6}Z-[0-9a-f]{8}");

  private static final int MAX_ITEMS = 1000;

  private IncidentJson() {}

  /** Returns the whole incident as one JSON object. */
  public static String of(Incident incident) {
    return JsonText.of(
        json -> {
          json.text("schema", SCHEMA);
          summary(json, incident);
          identity(json, incident.queue());
          json.text("boot_id", incident.queue().bootId());
          json.text("kernel", incident.kernel());
          json.name("bpftrace", incident.bpftrace());
          json.text("vhostwatch", incident.agent());
          json.objects("occurrences", incident.occurrences(), IncidentJson::occurrence);
          json.objects(
              "gaps",
              incident.gaps(),
              (fields, gap) -> {
                time(fields, "from", gap.from());
                time(fields, "to", gap.to());
              });
          json.objects("looks", incident.looks(), IncidentJson::look);
          json.texts("log", incident.log());
          json.text("recording", incident.recorded() ? incident.id() + ".recording" : null);
        });
  }

  /**
   * Returns the list as one JSON object.
   *
   * @param troubles what could not be read, in words
   */
  public static String list(Collection<Incident> incidents, Collection<String> troubles) {
    return JsonText.of(
        json -> {
          json.text("schema", LIST_SCHEMA);
          json.objects(
              "incidents",
              incidents,
              (fields, incident) -> {
                summary(fields, incident);
                identity(fields, incident.queue());
              });
          json.texts("troubles", troubles);
        });
  }

  private static void summary(JsonText json, Incident incident) {
    json.text("id", incident.id());
    json.constant("state", incident.state());
    json.text("how_ended", incident.how().map(Ending::id).orElse(null));
    json.number("count", incident.count());
    json.text("confidence", incident.confidence());
    time(json, "first_sign", incident.first().firstSign());
    time(json, "confirmed", incident.first().confirmed());
    time(json, "last_seen", incident.last().lastSeen());
    time(json, "ended", incident.ended());
    json.fraction("seconds", incident.millis() / 1e3);
  }

  private static void identity(JsonText json, QueueIdentity queue) {
    TapPort port = queue.port();
    json.text("vm", queue.vm());
    json.text("vm_uuid", queue.uuid().orElse(null));
    json.text("vm_id", queue.vmid().orElse(null));
    json.count("vm_pid", orAbsent(queue.vmPid()));
    json.count("vm_start_ticks", orAbsent(queue.vmStartTicks()));
    json.name("tap", port.name());
    json.count("queue_index", port.queueIndex());
    json.count("ifindex", orAbsent(port.ifindex()));
    json.name("bridge", port.master());
    json.count("netns", orAbsent(port.netns()));
    json.text("identity", port.exact() ? "exact" : "inferred");
    json.count("worker_tid", orAbsent(queue.workerTid()));
    json.count("worker_start_ticks", orAbsent(queue.workerStartTicks()));
    json.hex("vq", queue.vq());
  }

  private static long orAbsent(long number) {
    return number == 0 ? -1 : number;
  }

  private static void occurrence(JsonText json, Occurrence occurrence) {
    time(json, "first_sign", occurrence.firstSign());
    time(json, "confirmed", occurrence.confirmed());
    time(json, "last_seen", occurrence.lastSeen());
    time(json, "ended", occurrence.ended());
    json.text("how_ended", occurrence.how().map(Ending::id).orElse(null));
  }

  private static void look(JsonText json, Look look) {
    json.text("when", look.when().id());
    time(json, "time", look.wallMillis());
    json.flag("captured", look.captured());
    json.raw("queue", look.queue());
    json.texts("text", look.text());
    if (look.surroundings().isPresent()) {
      json.raw("surroundings", look.surroundings().get());
    } else {
      json.nothing("surroundings");
    }
  }

  private static void time(JsonText json, String name, long wallMillis) {
    json.text(name, wallMillis == 0 ? null : Instant.ofEpochMilli(wallMillis).toString());
  }

  /**
   * Reads an incident.
   *
   * @throws IOException if it is damaged or of another program or version; the message says what
   */
  public static Incident read(String text) throws IOException {
    JsonTree json = JsonTree.parse(text);
    if (!json.text("schema").equals(SCHEMA)) {
      throw new IOException("not of the schema " + SCHEMA);
    }
    String id = json.text("id");
    if (!ID.matcher(id).matches()) {
      throw new IOException("its id is none of this program");
    }
    List<Occurrence> occurrences = new ArrayList<>();
    for (JsonTree occurrence : json.objects("occurrences", MAX_ITEMS)) {
      occurrences.add(
          new Occurrence(
              time(occurrence, "first_sign"),
              time(occurrence, "confirmed"),
              time(occurrence, "last_seen"),
              time(occurrence, "ended"),
              occurrence.optional("how_ended").flatMap(Ending::of)));
    }
    List<Gap> gaps = new ArrayList<>();
    for (JsonTree gap : json.objects("gaps", MAX_ITEMS)) {
      gaps.add(new Gap(time(gap, "from"), time(gap, "to")));
    }
    List<Look> looks = new ArrayList<>();
    for (JsonTree look : json.objects("looks", Look.When.values().length)) {
      looks.add(look(look));
    }
    if (occurrences.isEmpty()) {
      throw new IOException("it has no occurrence");
    }
    return new Incident(
        id,
        state(json.text("state")),
        queue(json),
        json.text("kernel"),
        json.optional("bpftrace").orElse(""),
        json.text("vhostwatch"),
        json.text("confidence"),
        json.integer("count", 1),
        occurrences,
        looks,
        gaps,
        json.texts("log", MAX_ITEMS),
        json.optional("recording").isPresent());
  }

  private static Look look(JsonTree json) throws IOException {
    String when = json.text("when");
    for (Look.When each : Look.When.values()) {
      if (each.id().equals(when)) {
        return new Look(
            each,
            time(json, "time"),
            json.flag("captured"),
            json.raw("queue").orElse("{}"),
            json.texts("text", MAX_ITEMS),
            json.raw("surroundings"));
      }
    }
    throw new IOException("a look of an unknown time");
  }

  private static Incident.State state(String name) throws IOException {
    for (Incident.State state : Incident.State.values()) {
      if (state.name().toLowerCase(Locale.ROOT).equals(name)) {
        return state;
      }
    }
    throw new IOException("an unknown state");
  }

  private static QueueIdentity queue(JsonTree json) throws IOException {
    return new QueueIdentity(
        json.text("boot_id"),
        json.text("vm"),
        json.optional("vm_uuid"),
        json.optional("vm_id"),
        json.integer("vm_pid", 0),
        json.number("vm_start_ticks", 0),
        new TapPort(
            json.optional("tap").orElse(""),
            json.integer("ifindex", 0),
            json.optional("bridge").orElse(""),
            json.number("netns", 0),
            json.integer("queue_index", -1),
            json.text("identity").equals("exact")),
        json.integer("worker_tid", 0),
        json.number("worker_start_ticks", 0),
        address(json.text("vq")));
  }

  private static long address(String text) throws IOException {
    try {
      return Long.parseUnsignedLong(text.startsWith("0x") ? text.substring(2) : "", 16);
    } catch (NumberFormatException e) {
      throw new IOException("\"vq\" is no address", e);
    }
  }

  private static long time(JsonTree json, String name) throws IOException {
    Optional<String> text = json.optional(name);
    try {
      return text.isEmpty() ? 0 : Instant.parse(text.get()).toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      throw new IOException("\"" + name + "\" is no time", e);
    }
  }
}
