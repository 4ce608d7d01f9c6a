package org.vhostwatch.http;

import java.io.IOException;
import java.io.Writer;

/**
 * An answer. It is made whole in memory before the first byte of it is sent: a client that reads
 * slowly holds no lock and no snapshot.
 *
 * @param status HTTP status
 * @param contentType value of Content-Type
 * @param large whether it may be long enough for compression to be worth it
 * @param body writes the body
 */
record Response(int status, String contentType, boolean large, Body body) {

  /** Something that is written as text, so that it need not be held as one. */
  interface Body {
    void writeTo(Writer out) throws IOException;
  }

  static Response of(String contentType, Body body) {
    return new Response(200, contentType, true, body);
  }

  static Response of(String contentType, String body) {
    return of(contentType, out -> out.write(body));
  }

  static Response text(int status, String text) {
    return new Response(
        status, "text/plain; charset=utf-8", false, out -> out.append(text).append('\n'));
  }
}
