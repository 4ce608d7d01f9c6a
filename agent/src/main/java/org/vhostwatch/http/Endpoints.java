package org.vhostwatch.http;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.report.StatusReport;

/** What each path answers. */
final class Endpoints {

  private static final String INCIDENT = "/api/v1/incidents/";

  private static final Set<String> PATHS =
      Set.of("/", "/metrics", "/-/healthy", "/-/ready", "/api/v1/threads", "/api/v1/incidents");

  private final Sources sources;
  private final Pseudonyms pseudonyms = new Pseudonyms();

  Endpoints(Sources sources) {
    this.sources = sources;
  }

  /** Returns whether there is such a path; the incidents behind it come and go. */
  boolean knows(@Nullable String path) {
    return path != null && (PATHS.contains(path) || path.startsWith(INCIDENT));
  }

  /** Returns whether anybody may ask: what is said there is of no VM. */
  static boolean open(String path) {
    return path.startsWith("/-/");
  }

  /** Returns the answer to a GET of a path that there is. */
  Response get(String path, Accepted accepted) {
    return switch (path) {
      case "/" -> page();
      case "/metrics" -> metrics(accepted.metrics());
      case "/-/healthy" -> healthy();
      case "/-/ready" -> ready();
      case "/api/v1/threads" -> json(StatusReport.of(sources.snapshot().get(), standsStill()));
      case "/api/v1/incidents" -> json(sources.incidents().get());
      default -> incident(path.substring(INCIDENT.length()));
    };
  }

  private Response json(String text) {
    return Response.json(pseudonyms.in(text));
  }

  private Response page() {
    String page =
        pseudonyms.in(StatusPage.of(sources.snapshot().get(), sources.host(), standsStill()));
    return Response.large("text/html; charset=utf-8", out -> out.write(page));
  }

  private Response incident(String id) {
    return sources
        .incident()
        .apply(id)
        .map(this::json)
        .orElseGet(
            () ->
                Response.text(
                    404,
                    "no such incident in memory: `vhostwatch incidents` reads older ones from"
                        + " disk"));
  }

  private Response metrics(Exposition.Format format) {
    return Response.large(format.contentType(), out -> sources.metrics().write(format, out));
  }

  private Response healthy() {
    return standsStill()
        .map(words -> Response.text(503, words))
        .orElseGet(() -> Response.text(200, "healthy"));
  }

  /** Returns that the daemon's loop stands still, in words: what it saw last is old. */
  private Optional<String> standsStill() {
    Duration age = sources.sinceCycle().get();
    return age.compareTo(sources.maxSinceCycle()) <= 0
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "the daemon stands still: its last cycle ended %d s ago, at most %d s are expected",
                age.toSeconds(),
                sources.maxSinceCycle().toSeconds()));
  }

  private Response ready() {
    Optional<String> reason = sources.notReady().get();
    return reason.isPresent()
        ? Response.text(503, "not ready: " + reason.get())
        : Response.text(200, "ready");
  }
}
