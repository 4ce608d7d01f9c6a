package org.vhostwatch.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.log.Log;

/** Speaks HTTP for {@link Endpoints}: methods, headers, compression. */
final class Exchange implements HttpHandler {

  /** Below this the frame of gzip costs more than it saves. */
  private static final int MIN_GZIP_BYTES = 1024;

  private final Endpoints endpoints;

  Exchange(Endpoints endpoints) {
    this.endpoints = endpoints;
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      send(exchange, answer(exchange));
    }
  }

  private Response answer(HttpExchange exchange) {
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      return Response.text(405, "only GET and HEAD");
    }
    try {
      return endpoints.get(
          exchange.getRequestURI().getPath(), exchange.getRequestHeaders().getFirst("Accept"));
    } catch (RuntimeException e) {
      Log.requestFailed(exchange.getRequestURI().getPath(), e);
      return Response.text(500, "internal error: see the log of vhostwatch");
    }
  }

  private static void send(HttpExchange exchange, Response response) throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", response.contentType());
    headers.set("Content-Security-Policy", StatusPage.CONTENT_SECURITY_POLICY);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cache-Control", "no-store");
    headers.set("Vary", "Accept, Accept-Encoding");
    byte[] body = response.body().getBytes(StandardCharsets.UTF_8);
    if (body.length >= MIN_GZIP_BYTES
        && acceptsGzip(exchange.getRequestHeaders().getFirst("Accept-Encoding"))) {
      headers.set("Content-Encoding", "gzip");
      body = gzip(body);
    }
    if (exchange.getRequestMethod().equals("HEAD")) {
      headers.set("Content-Length", String.valueOf(body.length));
      exchange.sendResponseHeaders(response.status(), -1);
    } else {
      exchange.sendResponseHeaders(response.status(), body.length);
      exchange.getResponseBody().write(body);
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

  private static byte[] gzip(byte[] body) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream(body.length / 4);
    try (OutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(body);
    }
    return packed.toByteArray();
  }
}
