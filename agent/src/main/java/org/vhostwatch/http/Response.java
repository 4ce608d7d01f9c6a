package org.vhostwatch.http;

/**
 * An answer, whole in memory: a client that reads slowly holds no lock and no snapshot.
 *
 * @param status HTTP status
 * @param contentType value of Content-Type
 * @param body the body
 */
record Response(int status, String contentType, String body) {

  static Response text(int status, String text) {
    return new Response(status, "text/plain; charset=utf-8", text + "\n");
  }
}
