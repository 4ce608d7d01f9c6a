package org.vhostwatch.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.report.Plural;
import org.vhostwatch.report.Printable;
import org.vhostwatch.report.UnexplainedText;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.OwnCost;
import org.vhostwatch.snapshot.ProbeStatus;
import org.vhostwatch.snapshot.QueueStatus;
import org.vhostwatch.snapshot.UnexplainedStatus;

/**
 * The page at {@code /}: for a person who was paged and wants to know which VM it is. No scripts,
 * nothing from elsewhere, and every text of foreign origin is escaped.
 */
final class StatusPage {

  private static final String STYLE =
      """
      body{font:16px/1.5 sans-serif;max-width:72em;margin:2em auto;padding:0 1em}
      body{color:#222;background:#fff}
      h1{font-size:1.4em;padding:.5em .7em;border-left:.4em solid}
      h2{font-size:1.1em;margin-top:2em}
      table{border-collapse:collapse;width:100%}
      th,td{text-align:left;vertical-align:top;padding:.3em .8em .3em 0}
      tr{border-bottom:1px solid #ddd}
      td{overflow-wrap:anywhere}
      .bad{color:#a00}.warn{color:#850}.unknown{color:#639}.good{color:#060}
      """;

  /** Allows the page's own style, by its hash, and nothing else. */
  static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; style-src 'sha256-"
          + hash(STYLE)
          + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  /** More rows than a person reads; `/api/v1/threads` has all. */
  private static final int MAX_ROWS = 200;

  private final StringBuilder html = new StringBuilder();

  private StatusPage() {}

  /** Returns the page. */
  static String of(HostSnapshot snapshot) {
    StatusPage page = new StatusPage();
    page.write(snapshot);
    return page.html.toString();
  }

  private void write(HostSnapshot snapshot) {
    html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .append("<meta name=\"viewport\" content=\"width=device-width\">\n<title>vhostwatch: ")
        .append(snapshot.worst().name().toLowerCase(Locale.ROOT))
        .append("</title>\n<style>")
        .append(STYLE)
        .append("</style>\n</head>\n<body>\n<h1 class=\"")
        .append(colour(snapshot.worst()))
        .append("\">")
        .append(inWords(snapshot))
        .append("</h1>\n<p>Seen at ")
        .append(time(snapshot.wallMillis()))
        .append(" on kernel ")
        .append(escape(snapshot.kernel()))
        .append(": ")
        .append(Plural.of(snapshot.queues().size(), "queue"))
        .append(", ")
        .append(Plural.of(snapshot.workers().size(), "vhost worker"))
        .append(".</p>\n<p>This kernel, as to CVE-2026-74356: ")
        .append(snapshot.exposure().status().label())
        .append(": ")
        .append(escape(snapshot.exposure().reason()))
        .append(".</p>\n");
    queues(snapshot.queues().stream().filter(StatusPage::inTrouble).toList());
    for (UnexplainedStatus worker : snapshot.unexplained()) {
      html.append("<p class=\"warn\">")
          .append(escape("VM " + worker.vm() + ", worker " + worker.found().worker().tid() + ": "))
          .append(escape(UnexplainedText.sentence(worker.found(), worker.devices())))
          .append(".</p>\n");
    }
    incidents(snapshot.incidents());
    probes(snapshot.probes(), snapshot.cost());
    html.append("<h2>More</h2>\n<ul>\n");
    link("/api/v1/threads", "all queues and workers with their numbers, as JSON");
    link("/api/v1/incidents", "the incidents, as JSON");
    link("/metrics", "metrics for Prometheus");
    link("/-/healthy", "whether the daemon goes round");
    link("/-/ready", "whether it has looked at the host");
    html.append("</ul>\n</body>\n</html>\n");
  }

  private static boolean inTrouble(QueueStatus status) {
    return switch (status.verdict().verdict()) {
      case HEALTHY, BUSY -> false;
      case UNKNOWN, SPINNING, STALLED, LIVELOCKED -> true;
    };
  }

  private static String inWords(HostSnapshot snapshot) {
    Verdict worst = snapshot.worst();
    long such =
        snapshot.queues().stream().filter(status -> status.verdict().verdict() == worst).count();
    return switch (worst) {
      case LIVELOCKED ->
          Plural.of(such, "queue") + " livelocked: the worker spins for ever, receive is dead";
      case STALLED -> Plural.of(such, "queue") + " stalled: a packet waits, receive is dead";
      case SPINNING -> Plural.of(such, "queue") + " spinning: the guest is late with buffers";
      case UNKNOWN -> "Unknown: not enough can be measured to tell";
      case BUSY -> "Nothing wrong: " + Plural.of(such, "queue") + " busy, none spins or is stalled";
      case HEALTHY -> "Nothing wrong: no queue spins or is stalled";
    };
  }

  private static String colour(Verdict verdict) {
    return switch (verdict) {
      case LIVELOCKED -> "bad";
      case STALLED, SPINNING -> "warn";
      case UNKNOWN -> "unknown";
      case BUSY, HEALTHY -> "good";
    };
  }

  private void queues(List<QueueStatus> troubled) {
    if (troubled.isEmpty()) {
      return;
    }
    html.append("<h2>Queues in trouble</h2>\n<table>\n");
    row("th", "Verdict", "VM", "Tap", "Queue", "Worker", "Since", "What is seen");
    for (QueueStatus status : troubled.subList(0, Math.min(MAX_ROWS, troubled.size()))) {
      boolean known = status.verdict().vq() != 0;
      row(
          "td",
          status.verdict().verdict().name(),
          status.vm(),
          status.tap().isEmpty() ? "-" : status.tap(),
          known ? String.valueOf(status.queue()) : "-",
          status.verdict().tid() == 0 ? "-" : String.valueOf(status.verdict().tid()),
          status.sinceWallMillis() == 0 ? "-" : time(status.sinceWallMillis()),
          status.verdict().summary());
    }
    html.append("</table>\n");
    if (troubled.size() > MAX_ROWS) {
      html.append("<p>").append(troubled.size() - MAX_ROWS).append(" more are not shown.</p>\n");
    }
  }

  private void incidents(IncidentTotals incidents) {
    if (incidents.recent().isEmpty()) {
      return;
    }
    html.append("<h2>Recent incidents</h2>\n<table>\n");
    row("th", "Incident", "First sign", "Ended", "How", "Livelocks", "VM", "Tap", "Queue");
    for (IncidentTotals.Row incident : incidents.recent()) {
      row(
          "td",
          incident.id(),
          time(incident.firstSign()),
          incident.ended() == 0 ? "-" : time(incident.ended()),
          incident.how().isEmpty() ? "-" : incident.how(),
          String.valueOf(incident.count()),
          incident.vm(),
          incident.tap().isEmpty() ? "-" : incident.tap(),
          incident.queue() < 0 ? "-" : String.valueOf(incident.queue()));
    }
    html.append("</table>\n");
  }

  private void probes(ProbeStatus probes, OwnCost own) {
    html.append("<h2>How well it sees</h2>\n<table>\n");
    row("td", "mode", probes.mode());
    row(
        "td",
        "bpftrace",
        (probes.bpftrace().isEmpty() ? "none" : probes.bpftrace())
            + (probes.up() ? ", runs and answers" : ", not running")
            + ", "
            + Plural.of(probes.restarts(), "restart"));
    for (Map.Entry<String, Boolean> probe : probes.attached().entrySet()) {
      row("td", probe.getKey(), probe.getValue() ? "attached" : "not attached");
    }
    row(
        "td",
        "censuses",
        probes.censuses()
            + " completed, "
            + probes.censusFailures()
            + " failed, last "
            + (probes.lastCensusWallMillis() == 0 ? "never" : time(probes.lastCensusWallMillis())));
    row("td", "captures of evidence", String.valueOf(probes.captures()));
    row("td", "own cost", cost("agent", own.agent()) + "; " + cost("bpftrace", own.children()));
    for (String trouble : probes.troubles()) {
      row("td", "trouble", trouble);
    }
    html.append("</table>\n");
  }

  private void row(String element, String... cells) {
    html.append("<tr>");
    for (String cell : cells) {
      html.append('<').append(element).append('>').append(escape(cell));
      html.append("</").append(element).append('>');
    }
    html.append("</tr>\n");
  }

  private void link(String path, String what) {
    html.append("<li><a href=\"").append(path).append("\">").append(path).append("</a>: ");
    html.append(what).append("</li>\n");
  }

  private static String cost(String process, OwnCost.Usage usage) {
    return String.format(
        Locale.ROOT,
        "%s %.1f s of CPU, %d MiB",
        process,
        usage.cpuNanos() / 1e9,
        usage.residentBytes() >> 20);
  }

  private static String time(long wallMillis) {
    return Instant.ofEpochMilli(wallMillis).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /**
   * Returns the text without anything that markup, the reader's eye or the line could trip over.
   */
  static String escape(String text) {
    return Printable.of(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
