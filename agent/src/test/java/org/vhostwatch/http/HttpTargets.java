package org.vhostwatch.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.fuzz.Claim;
import org.vhostwatch.fuzz.FuzzTarget;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.metrics.prometheus.PrometheusExposition;
import org.vhostwatch.snapshot.HostSnapshot;

/**
 * Requests, as the JDK's server hands them over: what it does with sockets is tried by
 * HostileClientsTest, a thousand times slower.
 */
public final class HttpTargets {

  private static final String USER = "prometheus";
  private static final String PASSWORD = "secret";
  private static final String RIGHT =
      Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8));

  /** What all ways to write it have in common: base64 has several for the end. */
  private static final String SAID = RIGHT.substring(0, RIGHT.length() - 2);

  /** 500 is not among them: it says that a handler failed. */
  private static final Set<Integer> STATUSES = Set.of(200, 401, 404, 405, 413, 414, 429, 431);

  private HttpTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "http-request",
            "methods, paths, headers and bodies of requests",
            4096,
            8 << 20,
            1024,
            HttpTargets::requests),
        new FuzzTarget(
            "http-accept",
            "Accept and Accept-Encoding",
            1024,
            64 << 10,
            4096,
            () -> HttpTargets::accept),
        new FuzzTarget(
            "passwords",
            "the file of users and hashes of passwords",
            2048,
            64 << 10,
            1024,
            () -> HttpTargets::passwords));
  }

  private static void accept(byte[] input) {
    String header = new String(input, StandardCharsets.ISO_8859_1);
    Accepted accepted = Accepted.of(header);
    Exposition.Format format = accepted.metrics();
    String lower = header.toLowerCase(Locale.ROOT);
    Claim.that(
        format == Exposition.Format.TEXT || lower.contains(format.mediaType()),
        "OpenMetrics for who does not name it",
        header);
    Claim.that(
        !accepted.gzip() || lower.contains("gzip") || lower.contains("*"),
        "gzip for who does not name it",
        header);
  }

  private static void passwords(byte[] input) {
    Map<String, PasswordHash> users;
    try {
      users = Passwords.parse(Path.of("users"), input);
    } catch (Protection.UnusableException e) {
      // Not the line itself: it may hold a password.
      Claim.line(String.valueOf(e.getMessage()));
      return;
    }
    users.forEach(
        (name, hash) -> {
          Claim.that(!name.isEmpty() && name.indexOf(':') < 0, "a user", name);
          Claim.that(PasswordHash.parse(hash.toString()).isPresent(), "a hash", hash);
        });
  }

  private static FuzzTarget.Reader requests() {
    HostSnapshot snapshot = Scenes.hostile(Scenes.HOSTILE);
    Sources sources =
        new Sources(
            () -> snapshot,
            new PrometheusExposition(() -> snapshot, "0.1.0-test"),
            () -> Duration.ZERO,
            Duration.ofSeconds(30),
            () -> "{\"incidents\":[]}\n",
            id -> id.equals("known") ? Optional.of("{}") : Optional.empty(),
            Optional::empty,
            "kvm7");
    Access access =
        new Access(
            new Protection(
                Optional.empty(),
                Optional.of(Map.of(USER, PasswordHash.of(PASSWORD.toCharArray())))));
    // At once: what comes later may be refused because wrong passwords came just before.
    Claim.that(
        access.refused("Basic " + RIGHT, InetAddress.getLoopbackAddress()).isEmpty(),
        "the right password is refused");
    Exchange exchange =
        new Exchange(
            new Endpoints(sources), new RequestThreads(RequestThreads.Limits.DEFAULT), access);
    return input -> {
      Request request = Request.of(new String(input, StandardCharsets.ISO_8859_1));
      if (request != null) {
        handle(exchange, request);
      }
    };
  }

  private static void handle(Exchange exchange, Request request) throws IOException {
    try {
      exchange.handle(request);
    } catch (IOException e) {
      // It ends the connection; but not before it has answered.
      Claim.same("the request does not end", e.getMessage(), "the end of a connection");
    }
    Claim.that(STATUSES.contains(request.status), "a status", request.status);
    Claim.that(
        request.response.getFirst("Content-Security-Policy") != null, "an answer without a policy");
    boolean head = request.getRequestMethod().equals("HEAD");
    Claim.same(head ? -1L : request.body.size(), request.length, "the length of an answer");
    String path = request.uri.getPath();
    if (request.status == 200 && !path.startsWith("/-/")) {
      String said = String.valueOf(request.headers.getFirst("Authorization"));
      Claim.that(
          said.regionMatches(true, 0, "Basic ", 0, 6) && said.contains(SAID),
          "an answer for who did not say the password",
          said);
    }
  }

  /** A request in memory, in the place of the JDK's own, and the answer to it. */
  private static final class Request extends HttpExchange {
    private final String method;
    private final URI uri;
    private final Headers headers;
    private final InputStream rest;
    private final Headers response = new Headers();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private int status = -1;
    private long length;

    private Request(String method, URI uri, Headers headers, InputStream rest) {
      this.method = method;
      this.uri = uri;
      this.headers = headers;
      this.rest = rest;
    }

    /** Returns null for what the JDK's server refuses by itself. */
    static @Nullable Request of(String text) {
      String[] parts = text.split("\n\n", 2);
      String[] lines = parts[0].split("\n", -1);
      String[] first = lines[0].split(" ", -1);
      if (first.length < 2) {
        return null;
      }
      Headers headers = new Headers();
      try {
        for (int i = 1; i < lines.length; i++) {
          int colon = lines[i].indexOf(':');
          if (colon > 0) {
            headers.add(lines[i].substring(0, colon), lines[i].substring(colon + 1).strip());
          }
        }
        return new Request(
            first[0],
            new URI(first[1]),
            headers,
            new ByteArrayInputStream(
                (parts.length > 1 ? parts[1] : "").getBytes(StandardCharsets.ISO_8859_1)));
      } catch (URISyntaxException | IllegalArgumentException e) {
        return null;
      }
    }

    @Override
    public Headers getRequestHeaders() {
      return headers;
    }

    @Override
    public Headers getResponseHeaders() {
      return response;
    }

    @Override
    public URI getRequestURI() {
      return uri;
    }

    @Override
    public String getRequestMethod() {
      return method;
    }

    @Override
    public InputStream getRequestBody() {
      return rest;
    }

    @Override
    public OutputStream getResponseBody() {
      return body;
    }

    @Override
    public void sendResponseHeaders(int code, long bytes) {
      Claim.same(-1, status, "a second answer");
      status = code;
      length = bytes;
    }

    @Override
    public int getResponseCode() {
      return status;
    }

    @Override
    public void close() {}

    @Override
    public InetSocketAddress getRemoteAddress() {
      return getLocalAddress();
    }

    @Override
    public InetSocketAddress getLocalAddress() {
      return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    }

    @Override
    public String getProtocol() {
      return "HTTP/1.1";
    }

    @Override
    public HttpContext getHttpContext() {
      throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable Object getAttribute(String name) {
      return null;
    }

    @Override
    public void setAttribute(String name, Object value) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void setStreams(InputStream in, OutputStream out) {
      throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable HttpPrincipal getPrincipal() {
      return null;
    }
  }
}
