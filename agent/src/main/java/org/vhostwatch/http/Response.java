package org.vhostwatch.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.vhostwatch.metrics.Gatherer;

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

  private static final int PACKED_BYTES = 8 << 10;

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

  /** Returns the whole body, as UTF-8, packed by gzip if that is wanted. */
  byte[] bytes(boolean packed) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    OutputStream out = packed ? new Packer(bytes) : bytes;
    try (Writer writer = new Gatherer(new OutputStreamWriter(out, StandardCharsets.UTF_8))) {
      body.write(writer);
    }
    return bytes.toByteArray();
  }

  /** Metrics of thousands of queues shrink to a twentieth at the least effort. */
  private static final class Packer extends GZIPOutputStream {
    Packer(OutputStream out) throws IOException {
      super(out, PACKED_BYTES);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }

  Response with(String header, String value) {
    return new Response(status, contentType, Map.of(header, value), body, large);
  }
}
