package org.vhostwatch.http;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.report.StatusReport;

/** What each path answers. */
final class Endpoints {

  private static final String INCIDENT = "/api/v1/incidents/";

  private final Sources sources;

  Endpoints(Sources sources) {
    this.sources = sources;
  }

  /**
   * Returns the answer to a GET.
   *
   * @param accept the request's Accept, null if it has none
   */
  Response get(String path, @Nullable String accept) {
    return switch (path) {
      case "/" -> Response.of("text/html; charset=utf-8", StatusPage.of(sources.snapshot().get()));
      case "/metrics" -> metrics(accept);
      case "/-/healthy" -> healthy();
      case "/-/ready" -> ready();
      case "/api/v1/threads" ->
          Response.of("application/json", StatusReport.of(sources.snapshot().get()));
      case "/api/v1/incidents" -> Response.of("application/json", sources.incidents().get());
      default ->
          path.startsWith(INCIDENT)
              ? incident(path.substring(INCIDENT.length()))
              : Response.text(404, "not found");
    };
  }

  private Response incident(String id) {
    return sources
        .incident()
        .apply(id)
        .map(json -> Response.of("application/json", json))
        .orElseGet(
            () ->
                Response.text(
                    404,
                    "no such incident in memory: `vhostwatch incidents` reads older ones from"
                        + " disk"));
  }

  private Response metrics(@Nullable String accept) {
    String type = sources.metrics().contentType(accept);
    return Response.of(type, out -> sources.metrics().write(type, out));
  }

  private Response healthy() {
    Duration age = sources.sinceCycle().get();
    if (age.compareTo(sources.maxSinceCycle()) > 0) {
      return Response.text(
          503,
          String.format(
              Locale.ROOT,
              "the daemon stands still: its last cycle ended %d s ago, at most %d s are expected",
              age.toSeconds(),
              sources.maxSinceCycle().toSeconds()));
    }
    return Response.text(200, "healthy");
  }

  private Response ready() {
    Optional<String> reason = sources.notReady().get();
    return reason.isPresent()
        ? Response.text(503, "not ready: " + reason.get())
        : Response.text(200, "ready");
  }
}
