package org.vhostwatch.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.vhostwatch.detect.Criterion;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.report.Plural;
import org.vhostwatch.report.QueueReport;
import org.vhostwatch.report.UnexplainedText;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.OwnCost;
import org.vhostwatch.snapshot.ProbeStatus;
import org.vhostwatch.snapshot.QueueStatus;
import org.vhostwatch.snapshot.UnexplainedStatus;
import org.vhostwatch.state.Sha256;

/**
 * The page at {@code /}: for a person who was paged and wants to know which VM it is, how bad, and
 * what to do. Nothing in it is from elsewhere; without scripts, and in a browser of text, it says
 * the same; colour says nothing that is not said in words.
 */
final class StatusPage {

  private static final String STYLE = own("status.css");
  private static final String SCRIPT = own("status.js");

  /** Allows the page's own style and script, by their hashes, and that script to ask for news. */
  static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; style-src 'sha256-"
          + hash(STYLE)
          + "'; script-src 'sha256-"
          + hash(SCRIPT)
          + "'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  /** Queues in trouble that are shown with all that is known of them. */
  private static final int MAX_WHOLE = 10;

  /** More rows than a person reads; {@code /api/v1/threads} has all. */
  private static final int MAX_ROWS = 500;

  private static final int MAX_TROUBLES = 20;

  private static final String STANDS_STILL = "Unknown: what is below was seen before";

  private final Html html = new Html();
  private final HostSnapshot snapshot;
  private final String host;
  private final Optional<String> standsStill;

  private StatusPage(HostSnapshot snapshot, String host, Optional<String> standsStill) {
    this.snapshot = snapshot;
    this.host = host;
    this.standsStill = standsStill;
  }

  /**
   * Returns the page.
   *
   * @param host the host's name, empty if not known
   * @param standsStill that the daemon's loop stands still, in words: the picture is old then
   */
  static String of(HostSnapshot snapshot, String host, Optional<String> standsStill) {
    StatusPage page = new StatusPage(snapshot, host, standsStill);
    page.write();
    return page.html.whole();
  }

  private void write() {
    html.open("html", "lang", "en").open("head").tag("meta", "charset", "utf-8");
    html.tag("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    html.element("title", title()).own("style", STYLE);
    html.open("noscript").tag("meta", "http-equiv", "refresh", "content", "30").close();
    html.close().open("body");
    html.open("header");
    html.open("span").text("vhostwatch").text(host.isEmpty() ? "" : " on ");
    html.element("strong", host).close();
    html.open("span").text("seen at ");
    time(snapshot.wallMillis());
    html.close().close();
    html.element("p", "", "id", "stale", "role", "alert", "hidden");
    html.element("p", "", "id", "news", "class", "unseen", "role", "status");
    html.open("main");
    headline();
    troubles();
    List<QueueStatus> troubled = snapshot.queues().stream().filter(StatusPage::inTrouble).toList();
    troubled(troubled);
    unexplained();
    incidents(snapshot.incidents());
    quiet(snapshot.queues().stream().filter(status -> !inTrouble(status)).toList());
    probes(snapshot.probes(), snapshot.cost());
    html.close();
    more();
    html.own("script", SCRIPT).close().close();
  }

  private String title() {
    boolean unexplained = unexplainedIsWorst() && standsStill.isEmpty();
    return (unexplained ? "unexplained" : word(worst()))
        + (host.isEmpty() ? "" : ": " + host)
        + " - vhostwatch";
  }

  private void headline() {
    html.open("section", "class", "verdict " + colour(worst()), "aria-labelledby", "verdict");
    html.element("h1", standsStill.isPresent() ? STANDS_STILL : inWords(), "id", "verdict");
    standsStill.ifPresent(words -> html.element("p", words));
    html.element("p", counts());
    html.open("p").text("Kernel ").text(snapshot.kernel()).text(": ");
    Exposure exposure = snapshot.exposure().status();
    html.element("strong", affected(exposure)).text(". " + snapshot.exposure().reason() + ".");
    html.close().close();
  }

  private static String affected(Exposure exposure) {
    return switch (exposure) {
      case AFFECTED -> "affected by CVE-2026-74356";
      case FIXED -> "not affected by CVE-2026-74356";
      case UNKNOWN -> "not known whether affected by CVE-2026-74356";
    };
  }

  /** Returns what the page's colour tells of. */
  private Verdict worst() {
    Verdict seen = unexplainedIsWorst() ? Verdict.SPINNING : snapshot.worst();
    return standsStill.isPresent() && seen != Verdict.LIVELOCKED ? Verdict.UNKNOWN : seen;
  }

  /** Returns whether no queue is in trouble, and a worker is. */
  private boolean unexplainedIsWorst() {
    Verdict worst = snapshot.worst();
    return !snapshot.unexplained().isEmpty() && (worst == Verdict.HEALTHY || worst == Verdict.BUSY);
  }

  private String inWords() {
    Verdict worst = snapshot.worst();
    if (unexplainedIsWorst()) {
      return Plural.of(snapshot.unexplained().size(), "worker")
          + " busy for an unknown cause; no queue spins or is stalled";
    }
    long such = snapshot.having(worst).size();
    long unused = snapshot.unused();
    String but =
        unused == 0 ? "" : "; " + Plural.of(unused, "interface") + " not brought up by the guest";
    return switch (worst) {
      case LIVELOCKED ->
          Plural.of(such, "queue") + " livelocked: the worker spins for ever, receive is dead";
      case STALLED -> Plural.of(such, "queue") + " stalled: a packet waits, receive is dead";
      case SPINNING -> Plural.of(such, "queue") + " spinning: the guest is late with buffers";
      case UNKNOWN -> "Unknown: not enough can be measured to tell";
      case BUSY ->
          "Nothing wrong: " + Plural.of(such, "queue") + " busy, none spins or is stalled" + but;
      case HEALTHY ->
          snapshot
              .probes()
              .idle()
              .map(why -> "Nothing to watch: " + why)
              .orElse("Nothing wrong: no queue spins or is stalled" + but);
    };
  }

  private String counts() {
    Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
    snapshot.queues().forEach(status -> counts.merge(status.verdict().verdict(), 1, Integer::sum));
    List<String> words = new ArrayList<>();
    counts.forEach((verdict, count) -> words.add(0, count + " " + word(verdict)));
    long vms = snapshot.queues().stream().map(QueueStatus::vm).distinct().count();
    return Plural.of(snapshot.queues().size(), "receive queue")
        + " of "
        + Plural.of(vms, "VM")
        + (words.isEmpty() ? "" : ": " + String.join(", ", words))
        + ". "
        + Plural.of(snapshot.workers().size(), "vhost worker")
        + ".";
  }

  private static String word(Verdict verdict) {
    return verdict.name().toLowerCase(Locale.ROOT);
  }

  private static boolean inTrouble(QueueStatus status) {
    return switch (status.verdict().verdict()) {
      case HEALTHY, BUSY -> false;
      case UNKNOWN, SPINNING, STALLED, LIVELOCKED -> true;
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

  private void troubles() {
    List<String> troubles = snapshot.probes().troubles();
    if (!troubles.isEmpty()) {
      html.open("section", "class", "note", "aria-labelledby", "less");
      html.element("h2", "It sees less than it should", "id", "less").open("ul");
      troubles.stream().limit(MAX_TROUBLES).forEach(trouble -> html.element("li", trouble));
      html.close()
          .element("p", "`vhostwatch check` says what would help.", "class", "soft")
          .close();
    }
  }

  /** Workers that spin for a cause of their own. */
  private void unexplained() {
    List<UnexplainedStatus> workers = snapshot.unexplained();
    if (!workers.isEmpty()) {
      html.open("section", "class", "note", "aria-labelledby", "unexplained");
      html.element("h2", "CPU time that nothing accounts for", "id", "unexplained").open("ul");
      for (UnexplainedStatus status : workers.stream().limit(MAX_TROUBLES).toList()) {
        html.open("li").element("strong", status.vm());
        html.text(", worker " + status.found().worker().tid() + ": ");
        // In pieces: what is printable is cut where it gets long.
        String sentence = UnexplainedText.sentence(status.found(), status.devices());
        for (String part : sentence.split("(?<=; )", -1)) {
          html.text(part);
        }
        html.close();
      }
      html.close().close();
    }
  }

  private void troubled(List<QueueStatus> troubled) {
    if (troubled.isEmpty()) {
      return;
    }
    html.open("section", "aria-labelledby", "troubled");
    html.element("h2", "Queues in trouble", "id", "troubled");
    List<QueueVerdict> everyone = snapshot.queues().stream().map(QueueStatus::verdict).toList();
    troubled.stream().limit(MAX_WHOLE).forEach(status -> whole(status, everyone));
    if (troubled.size() > MAX_WHOLE) {
      html.element("h3", Plural.of(troubled.size() - MAX_WHOLE, "more queue") + " in trouble");
      table(troubled.subList(MAX_WHOLE, troubled.size()), true);
    }
    html.close();
  }

  private void whole(QueueStatus status, List<QueueVerdict> everyone) {
    QueueVerdict verdict = status.verdict();
    html.open("article", "class", colour(verdict.verdict()));
    html.open("h3")
        .element("span", verdict.verdict().name(), "class", "tag")
        .text(": " + name(status));
    html.close();
    if (status.sinceWallMillis() != 0) {
      html.open("p").text("for ");
      html.element("strong", Ages.length(snapshot.wallMillis() - status.sinceWallMillis()));
      html.text(", since ");
      time(status.sinceWallMillis());
      html.close();
    }
    html.element("p", sentence(verdict.summary()));
    facts(verdict);
    String id = "0x" + Long.toHexString(verdict.vq()) + "-" + verdict.tid();
    List<String> advice =
        new QueueReport(status, snapshot.exposure().status(), Optional.empty(), everyone).advice();
    if (!advice.isEmpty()) {
      html.open("details", "id", "advice-" + id, "open")
          .element("summary", "What to do")
          .open("ul");
      advice.forEach(line -> html.element("li", line));
      html.close().close();
    }
    if (!verdict.criteria().isEmpty()) {
      String summary =
          "Evidence, with confidence " + verdict.confidence().name().toLowerCase(Locale.ROOT);
      html.open("details", "id", "evidence-" + id).element("summary", summary).open("ul");
      verdict.criteria().forEach(each -> html.element("li", mark(each) + ": " + each.text()));
      html.close().close();
    }
    html.close();
  }

  private static String name(QueueStatus status) {
    return "VM "
        + status.vm()
        + (status.tap().isEmpty() ? "" : ", tap " + status.tap())
        + (status.verdict().vq() == 0 ? "" : ", queue " + status.queue());
  }

  private static String mark(Criterion criterion) {
    return switch (criterion.outcome()) {
      case MET -> "met";
      case NOT_MET -> "not met";
      case NOT_MEASURABLE -> "not measurable";
    };
  }

  private static String sentence(String text) {
    return text.isEmpty()
        ? ""
        : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1) + ".";
  }

  private void facts(QueueVerdict verdict) {
    html.open("dl");
    if (verdict.tid() != 0) {
      String share =
          Double.isNaN(verdict.cpuShare())
              ? ""
              : String.format(Locale.ROOT, ", %.0f %% of a CPU", verdict.cpuShare() * 100);
      fact("worker", "thread " + verdict.tid() + share);
    }
    if (verdict.queue() != null) {
      fact(
          "buffers", verdict.queue().postedBuffers() + " posted, ring of " + verdict.queue().num());
      if (verdict.queue().packetWaits()) {
        fact(
            "waiting",
            Plural.of(verdict.queue().waiting(), "packet")
                + ", the first of "
                + verdict.queue().headBytes()
                + " bytes");
      }
    }
    if (verdict.passes() > 0) {
      fact("passes", verdict.passes() + " in " + Plural.of(verdict.episodes(), "spin"));
    }
    html.close();
  }

  private void fact(String name, String value) {
    html.element("dt", name).element("dd", value);
  }

  private void incidents(IncidentTotals incidents) {
    if (incidents.recent().isEmpty()) {
      return;
    }
    html.open("section", "aria-labelledby", "incidents");
    html.element("h2", "Recent incidents", "id", "incidents");
    Timeline.write(html, incidents.recent(), snapshot.wallMillis());
    head(
        "Recent incidents",
        "Began",
        "Lasted",
        "VM",
        "Tap",
        "Queue",
        "Ended by",
        "Livelocks",
        "Record");
    for (IncidentTotals.Row incident : incidents.recent()) {
      boolean open = incident.ended() == 0;
      long ended = open ? snapshot.wallMillis() : incident.ended();
      html.open("tr").open("td", "class", "short");
      time(incident.firstSign());
      html.close();
      cell((open ? "goes on: " : "") + Ages.length(ended - incident.firstSign()), true);
      cell(incident.vm(), false);
      cell(incident.tap(), false);
      cell(incident.queue() < 0 ? "" : String.valueOf(incident.queue()), true);
      cell(open ? "" : incident.how(), false);
      cell(String.valueOf(incident.count()), true);
      html.open("td", "class", "short");
      record(incident.id());
      html.close().close();
    }
    html.close().close().close().close();
  }

  /** Ids are made by the agent; what it finds on disk may be made by others. */
  private void record(String id) {
    if (id.matches("[0-9A-Za-z-]{1,64}")) {
      html.element("a", id, "href", "api/v1/incidents/" + id);
    } else {
      html.text(id);
    }
  }

  private void quiet(List<QueueStatus> quiet) {
    if (quiet.isEmpty()) {
      return;
    }
    html.open("section", "aria-labelledby", "quiet");
    html.element("h2", "Other queues", "id", "quiet").open("details", "id", "healthy");
    html.element("summary", Plural.of(quiet.size(), "queue") + " with nothing wrong");
    table(quiet, false);
    html.close().close();
  }

  private void table(List<QueueStatus> queues, boolean since) {
    head(
        "Queues",
        "Verdict",
        "VM",
        "Tap",
        "Queue",
        "Worker",
        since ? "Since" : "Posted",
        since ? "What is seen" : "Ring");
    for (QueueStatus status : queues.subList(0, Math.min(MAX_ROWS, queues.size()))) {
      QueueVerdict verdict = status.verdict();
      html.open("tr");
      cell(word(verdict.verdict()), true);
      cell(status.vm(), false);
      cell(status.tap(), false);
      cell(verdict.vq() == 0 ? "" : String.valueOf(status.queue()), true);
      cell(verdict.tid() == 0 ? "" : String.valueOf(verdict.tid()), true);
      if (since) {
        cell(status.sinceWallMillis() == 0 ? "" : Ages.time(status.sinceWallMillis()), true);
        cell(verdict.summary(), false);
      } else {
        boolean read = verdict.queue() != null;
        cell(
            read ? String.valueOf(Objects.requireNonNull(verdict.queue()).postedBuffers()) : "",
            true);
        cell(read ? String.valueOf(Objects.requireNonNull(verdict.queue()).num()) : "", true);
      }
      html.close();
    }
    html.close().close().close();
    if (queues.size() > MAX_ROWS) {
      html.open("p").text(queues.size() - MAX_ROWS + " more are not shown: ");
      html.element("a", "api/v1/threads", "href", "api/v1/threads").text(" has all.").close();
    }
  }

  private void head(String what, String... columns) {
    // What scrolls must be within reach of the keyboard.
    html.open("div", "class", "scroll", "tabindex", "0", "role", "group", "aria-label", what);
    html.open("table").open("thead").open("tr");
    for (String column : columns) {
      html.element("th", column, "scope", "col");
    }
    html.close().close().open("tbody");
  }

  private void cell(String text, boolean small) {
    String[] attributes = small ? new String[] {"class", "short"} : new String[0];
    html.element("td", text.isEmpty() ? "-" : text, attributes);
  }

  private void probes(ProbeStatus probes, OwnCost cost) {
    html.open("section", "aria-labelledby", "sees");
    html.element("h2", "How well it sees", "id", "sees").open("table").open("tbody");
    row("mode", probes.mode());
    row(
        "bpftrace",
        (probes.bpftrace().isEmpty() ? "none" : probes.bpftrace())
            + (probes.up() ? ", runs and answers" : ", not running")
            + ", "
            + Plural.of(probes.restarts(), "restart"));
    probes.attached().forEach((probe, on) -> row(probe, on ? "attached" : "not attached"));
    row(
        "censuses",
        probes.censuses()
            + " completed, "
            + probes.censusFailures()
            + " failed, last "
            + (probes.lastCensusWallMillis() == 0
                ? "never"
                : Ages.length(snapshot.wallMillis() - probes.lastCensusWallMillis()) + " before"));
    row("captures", String.valueOf(probes.captures()));
    row(
        "lines",
        probes.rejectedLines() + " of bpftrace rejected, " + probes.lostEvents() + " events lost");
    row("cost", cost("agent", cost.agent()) + "; " + cost("bpftrace", cost.children()));
    if (cost.over()) {
      row("ceiling", "over it: probes are detached for some time");
    }
    html.close().close().close();
  }

  private void row(String name, String value) {
    html.open("tr").element("th", name, "scope", "row").element("td", value).close();
  }

  private static String cost(String process, OwnCost.Usage usage) {
    return String.format(
        Locale.ROOT,
        "%s %.1f s of CPU, %d MiB",
        process,
        usage.cpuNanos() / 1e9,
        usage.residentBytes() >> 20);
  }

  private void more() {
    html.open("footer").element("h2", "More").open("ul");
    link("api/v1/threads", "all queues and workers with their numbers, as JSON");
    link("api/v1/incidents", "the incidents, as JSON");
    link("metrics", "metrics for Prometheus");
    link("-/healthy", "whether the daemon goes round");
    link("-/ready", "whether it has looked at the host");
    html.close().close();
  }

  private void link(String path, String what) {
    html.open("li").element("a", "/" + path, "href", path).text(": " + what).close();
  }

  private void time(long wallMillis) {
    html.element("time", Ages.time(wallMillis));
  }

  private static String own(String name) {
    try (InputStream in =
        Objects.requireNonNull(StatusPage.class.getResourceAsStream(name), name)) {
      return "\n" + new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hash(String text) {
    return Base64.getEncoder().encodeToString(Sha256.of(text));
  }
}
