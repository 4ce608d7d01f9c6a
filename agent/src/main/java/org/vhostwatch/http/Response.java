package org.vhostwatch.http;

import java.io.IOException;
import java.io.Writer;
import java.util.Map;

/**
 * An answer.
 *
 * @param status HTTP status
 * @param contentType value of Content-Type
 * @param headers more headers
 * @param body writes the body, into memory: a client that reads slowly holds no lock and no
 *     snapshot
 * @param large whether it is worth packing
 */
record Response(
    int status, String contentType, Map<String, String> headers, Body body, boolean large) {

  /** Writes a body. */
  interface Body {
    void write(Writer out) throws IOException;
  }

  static Response text(int status, String text) {
    return new Response(
        status, "text/plain; charset=utf-8", Map.of(), out -> out.append(text).append('\n'), false);
  }

  static Response json(String json) {
    return large("application/json", out -> out.write(json));
  }

  static Response large(String contentType, Body body) {
    return new Response(200, contentType, Map.of(), body, true);
  }

  Response with(String header, String value) {
    return new Response(status, contentType, Map.of(header, value), body, large);
  }
}
