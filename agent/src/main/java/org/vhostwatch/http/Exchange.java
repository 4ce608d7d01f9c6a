package org.vhostwatch.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Speaks HTTP for {@link Endpoints}: methods, headers, compression. */
final class Exchange implements HttpHandler {

  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

  private static final int CHUNK = 8 << 10;

  private final Endpoints endpoints;

  Exchange(Endpoints endpoints) {
    this.endpoints = endpoints;
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean gzip = acceptsGzip(exchange.getRequestHeaders().getFirst("Accept-Encoding"));
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      Response response;
      try {
        response = answer(exchange);
        write(response, gzip, body);
      } catch (RuntimeException e) {
        LOG.error("cannot answer {}", exchange.getRequestURI().getPath(), e);
        response = Response.text(500, "internal error: see the log of vhostwatch");
        body.reset();
        write(response, gzip, body);
      }
      send(exchange, response, gzip, body);
    }
  }

  private Response answer(HttpExchange exchange) {
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      return Response.text(405, "only GET and HEAD");
    }
    return endpoints.get(
        exchange.getRequestURI().getPath(), exchange.getRequestHeaders().getFirst("Accept"));
  }

  /** Packs while the text is made: of megabytes only the tenth is ever held. */
  private static void write(Response response, boolean gzip, ByteArrayOutputStream body)
      throws IOException {
    OutputStream bytes = gzip && response.large() ? new FastGzip(body) : body;
    try (Writer text =
        new BufferedWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8), CHUNK)) {
      response.body().writeTo(text);
    }
  }

  private static void send(
      HttpExchange exchange, Response response, boolean gzip, ByteArrayOutputStream body)
      throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", response.contentType());
    headers.set("Content-Security-Policy", StatusPage.CONTENT_SECURITY_POLICY);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cache-Control", "no-store");
    headers.set("Vary", "Accept, Accept-Encoding");
    if (gzip && response.large()) {
      headers.set("Content-Encoding", "gzip");
    }
    if (exchange.getRequestMethod().equals("HEAD")) {
      headers.set("Content-Length", String.valueOf(body.size()));
      exchange.sendResponseHeaders(response.status(), -1);
    } else {
      exchange.sendResponseHeaders(response.status(), body.size());
      body.writeTo(exchange.getResponseBody());
    }
  }

  static boolean acceptsGzip(@Nullable String accepted) {
    if (accepted == null) {
      return false;
    }
    for (String coding : accepted.toLowerCase(Locale.ROOT).split(",", -1)) {
      String[] parts = coding.strip().split("\\s*;\\s*", -1);
      if (parts[0].equals("gzip")) {
        return parts.length < 2 || !parts[1].matches("q=0(\\.0*)?");
      }
    }
    return false;
  }

  /** Metrics repeat themselves: the best compression takes three times as long for little. */
  private static final class FastGzip extends GZIPOutputStream {
    FastGzip(OutputStream out) throws IOException {
      super(out, CHUNK);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }
}
