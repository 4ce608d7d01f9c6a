package org.vhostwatch.http;

import java.util.List;
import java.util.Random;

/** Makes requests that must not be answered with a page: wrong methods, paths, headers, sizes. */
final class BadRequests {

  private static final List<String> METHODS =
      List.of(
          "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH", "get", "G\u00e9T", "M".repeat(300));

  private static final List<String> PATHS =
      List.of(
          "/x",
          "/metrics/",
          "//metrics",
          "/../etc/passwd",
          "/%2e%2e/%2e%2e/etc/passwd",
          "/%00",
          "/metrics%0d%0aSet-Cookie:x",
          "*",
          "mailto:root",
          "http://other/x",
          "/\u00ff\u00fe",
          "x",
          "/api/v1/incidents/../../etc/shadow",
          "/api/v1/incidents/%2e%2e",
          "/%zz",
          "/\\",
          "");

  private static final List<String> VERSIONS =
      List.of("HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/9.9", "http/1.1", "", "HTTP");

  private final Random random;

  BadRequests(Random random) {
    this.random = random;
  }

  String next() {
    return switch (random.nextInt(8)) {
      case 0 -> request(of(METHODS), "/metrics", "HTTP/1.1", "Host: x\r\n");
      case 1 -> request("GET", of(PATHS), of(VERSIONS), "Host: x\r\n");
      case 2 -> request("GET", "/" + "a".repeat(1_100 + random.nextInt(4_000)), "HTTP/1.1", "");
      case 3 ->
          request(
              "GET", "/", "HTTP/1.1", "X: " + "y".repeat(8_200 + random.nextInt(5_000)) + "\r\n");
      case 4 ->
          request(
              "GET", "/", "HTTP/1.1", "Content-Length: " + (1 + random.nextInt(9_999)) + "\r\n");
      case 5 -> request("GET", "/", "HTTP/1.1", headers());
      case 6 -> noise();
      default -> {
        String whole = request("POST", "/metrics", "HTTP/1.1", "Host: x\r\nContent-Length: 5\r\n");
        yield whole.substring(0, random.nextInt(whole.length()));
      }
    };
  }

  private static String request(String method, String path, String version, String headers) {
    return method + " " + path + " " + version + "\r\n" + headers + "\r\n";
  }

  /** Too many, or such as make no sense. */
  private String headers() {
    return switch (random.nextInt(5)) {
      case 0 -> "A: b\r\n".repeat(30) + many(100 + random.nextInt(400));
      case 1 -> "Content-Length: -1\r\n";
      case 2 -> "Content-Length: 99999999999999999999\r\n";
      case 3 -> "Transfer-Encoding: chunked\r\n";
      default -> "Transfer-Encoding: x\r\nContent-Length: 3\r\n";
    };
  }

  private static String many(int number) {
    StringBuilder headers = new StringBuilder();
    for (int i = 0; i < number; i++) {
      headers.append("X-").append(i).append(": ").append(i).append("\r\n");
    }
    return headers.toString();
  }

  private String noise() {
    StringBuilder text = new StringBuilder();
    int length = 1 + random.nextInt(2_000);
    for (int i = 0; i < length; i++) {
      text.append((char) random.nextInt(256));
    }
    return text.append("\r\n\r\n").toString();
  }

  private String of(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
