package org.vhostwatch.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.log.Log;

/** Speaks HTTP for {@link Endpoints}: methods, sizes, who may ask, headers, compression. */
final class Exchange implements HttpHandler {

  /** Ten times what browsers and Prometheus send. */
  private static final int MAX_HEADER_CHARS = 8 << 10;

  private static final int MAX_PATH_CHARS = 1 << 10;

  /** What is read of a body that nobody wants: who sends one gets an answer all the same. */
  private static final int MAX_BODY_BYTES = 64 << 10;

  private final Endpoints endpoints;
  private final RequestThreads threads;
  private final Access access;

  Exchange(Endpoints endpoints, RequestThreads threads, Access access) {
    this.endpoints = endpoints;
    this.threads = threads;
    this.access = access;
  }

  /**
   * Answers. The server forgets a connection at once only when this fails, or when the request was
   * read to its end; else it counts for {@code maxReqTime} against the limit of connections.
   */
  @Override
  public void handle(HttpExchange exchange) throws IOException {
    threads.works();
    try (exchange) {
      if (!threads.enter()) {
        send(
            exchange,
            Response.text(503, "too many requests at the same time").with("Retry-After", "1"));
        return;
      }
      try {
        answer(exchange);
        if (exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1).length > MAX_BODY_BYTES) {
          throw new IOException("the request does not end");
        }
      } finally {
        threads.leave();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("cut off for others, or at the end of the program", e);
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    try {
      Response response =
          refused(exchange).orElseGet(() -> endpoints.get(path, accepted(exchange)));
      send(exchange, response, response.bytes(packed(exchange, response)));
    } catch (RuntimeException e) {
      Log.requestFailed(String.valueOf(path), e);
      send(exchange, Response.text(500, "internal error: see the log of vhostwatch"));
    }
  }

  /** Returns why it is not answered; empty if it is. */
  private Optional<Response> refused(HttpExchange exchange) {
    Headers headers = exchange.getRequestHeaders();
    if (exchange.getRequestURI().toString().length() > MAX_PATH_CHARS) {
      return Optional.of(Response.text(414, "the path is too long"));
    }
    if (chars(headers) > MAX_HEADER_CHARS) {
      return Optional.of(Response.text(431, "the headers are too large"));
    }
    String path = exchange.getRequestURI().getPath();
    if (!endpoints.knows(path)) {
      return Optional.of(Response.text(404, "not found"));
    }
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      return Optional.of(Response.text(405, "only GET and HEAD").with("Allow", "GET, HEAD"));
    }
    if (headers.containsKey("Transfer-Encoding")
        || !headers.getOrDefault("Content-Length", List.of("0")).equals(List.of("0"))) {
      return Optional.of(Response.text(413, "a request has no body here"));
    }
    return Endpoints.open(path)
        ? Optional.empty()
        : access.refused(
            headers.getFirst("Authorization"), exchange.getRemoteAddress().getAddress());
  }

  private static int chars(Headers headers) {
    int chars = 0;
    for (Map.Entry<String, List<String>> header : headers.entrySet()) {
      for (String value : header.getValue()) {
        chars += header.getKey().length() + (value == null ? 0 : value.length());
      }
    }
    return chars;
  }

  private void send(HttpExchange exchange, Response response) throws IOException {
    send(exchange, response, response.bytes(packed(exchange, response)));
  }

  /** Sends what is whole in memory. */
  private void send(HttpExchange exchange, Response response, byte[] body) throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", response.contentType());
    headers.set("Content-Security-Policy", StatusPage.CONTENT_SECURITY_POLICY);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cache-Control", "no-store");
    headers.set("Vary", "Accept, Accept-Encoding");
    response.headers().forEach(headers::set);
    if (packed(exchange, response)) {
      headers.set("Content-Encoding", "gzip");
    }
    threads.sends();
    if (exchange.getRequestMethod().equals("HEAD")) {
      headers.set("Content-Length", String.valueOf(body.length));
      exchange.sendResponseHeaders(response.status(), -1);
    } else {
      exchange.sendResponseHeaders(response.status(), body.length);
      exchange.getResponseBody().write(body);
      exchange.getResponseBody().flush();
    }
  }

  private static boolean packed(HttpExchange exchange, Response response) {
    return response.large() && Accepted.of(joined(exchange, "Accept-Encoding")).gzip();
  }

  private static Accepted accepted(HttpExchange exchange) {
    return Accepted.of(joined(exchange, "Accept"));
  }

  /** A header that is given twice is one list. */
  private static @Nullable String joined(HttpExchange exchange, String name) {
    List<String> values = exchange.getRequestHeaders().get(name);
    return values == null ? null : String.join(",", values);
  }
}
