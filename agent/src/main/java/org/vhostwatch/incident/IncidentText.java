package org.vhostwatch.incident;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.report.Printable;
import org.vhostwatch.report.Table;

/** Incidents as text for a terminal. */
public final class IncidentText {

  private IncidentText() {}

  /** Returns one row an incident, in the order given. */
  public static String list(List<Incident> incidents) {
    if (incidents.isEmpty()) {
      return "no incident\n";
    }
    Table table =
        new Table(
            "ID<", "STATE<", "DURATION", "COUNT", "VM<", "TAP<", "QUEUE", "ENDED<", "IDENTITY<");
    for (Incident incident : incidents) {
      TapPort port = incident.queue().port();
      table.row(
          incident.id(),
          state(incident),
          duration(incident.millis()),
          String.valueOf(incident.count()),
          Printable.of(incident.queue().vm()),
          port.name().isEmpty() ? "-" : Printable.of(port.name()),
          port.queueIndex() < 0 ? "-" : String.valueOf(port.queueIndex()),
          incident.how().map(Ending::id).orElse("-"),
          port.exact() ? "exact" : "inferred");
    }
    return table.toString();
  }

  /** Returns all that is known of an incident. */
  public static String of(Incident incident) {
    StringBuilder out = new StringBuilder();
    QueueIdentity queue = incident.queue();
    TapPort port = queue.port();
    line(out, "incident", incident.id() + ", " + state(incident) + how(incident));
    line(
        out,
        "queue",
        "VM "
            + Printable.of(queue.vm())
            + queue.uuid().map(uuid -> ", uuid " + Printable.of(uuid)).orElse("")
            + queue.vmid().map(id -> ", id " + Printable.of(id)).orElse("")
            + ", tap "
            + (port.name().isEmpty() ? "(unknown)" : Printable.of(port.name()))
            + ", queue "
            + (port.queueIndex() < 0 ? "(unknown)" : port.queueIndex())
            + (port.exact() ? " (exact)" : " (inferred)"));
    line(
        out,
        "served by",
        "worker "
            + queue.workerTid()
            + " of process "
            + queue.vmPid()
            + (port.master().isEmpty() ? "" : ", bridge " + Printable.of(port.master())));
    line(
        out,
        "on",
        "kernel "
            + Printable.of(incident.kernel())
            + ", bpftrace "
            + (incident.bpftrace().isEmpty() ? "none" : Printable.of(incident.bpftrace()))
            + ", vhostwatch "
            + Printable.of(incident.agent()));
    line(
        out,
        "lasted",
        duration(incident.millis()) + ", confidence " + Printable.of(incident.confidence()));
    for (Occurrence occurrence : incident.occurrences()) {
      line(out, "first sign", time(occurrence.firstSign()));
      line(out, "confirmed", time(occurrence.confirmed()));
      line(out, "last seen", time(occurrence.lastSeen()));
      if (occurrence.ended() != 0) {
        line(
            out,
            "ended",
            time(occurrence.ended()) + occurrence.how().map(how -> ", " + how.id()).orElse(""));
      }
    }
    if (incident.count() > incident.occurrences().size()) {
      line(out, "more", incident.count() + " livelocks in all, the first and last are listed");
    }
    for (Gap gap : incident.gaps()) {
      line(out, "not watched", time(gap.from()) + " to " + time(gap.to()));
    }
    line(
        out,
        "recording",
        incident.recorded()
            ? incident.id() + Stored.RECORDING + ", for `vhostwatch replay`"
            : "none");
    for (Look look : incident.looks()) {
      out.append('\n')
          .append("look ")
          .append(look.when().id())
          .append(", ")
          .append(time(look.wallMillis()))
          .append(look.captured() ? "" : ", without a capture")
          .append('\n');
      look.text().forEach(text -> out.append(Printable.line(text)).append('\n'));
    }
    if (!incident.log().isEmpty()) {
      out.append("\nlog\n");
      incident.log().forEach(text -> out.append("  ").append(Printable.line(text)).append('\n'));
    }
    return out.toString();
  }

  private static String how(Incident incident) {
    if (incident.state() == Incident.State.INTERRUPTED) {
      return ": the agent was stopped while it went on";
    }
    return incident.how().map(how -> ": " + how.id()).orElse("")
        + (incident.count() > 1 ? ", " + incident.count() + " livelocks" : "");
  }

  private static String state(Incident incident) {
    return incident.state().name().toLowerCase(Locale.ROOT);
  }

  private static String time(long wallMillis) {
    return Instant.ofEpochMilli(wallMillis).truncatedTo(ChronoUnit.MILLIS).toString();
  }

  static String duration(long millis) {
    Duration time = Duration.ofMillis(millis);
    if (time.toHours() > 0) {
      return time.toHours() + "h" + time.toMinutesPart() + "m";
    }
    return time.toMinutes() > 0
        ? time.toMinutes() + "m" + time.toSecondsPart() + "s"
        : time.toSeconds() + "." + time.toMillisPart() / 100 + "s";
  }

  private static void line(StringBuilder out, String name, String value) {
    out.append(String.format(Locale.ROOT, "%-12s %s%n", name, value));
  }
}
