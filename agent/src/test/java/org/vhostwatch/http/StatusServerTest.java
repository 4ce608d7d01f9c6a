package org.vhostwatch.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.metrics.prometheus.PrometheusExposition;
import org.vhostwatch.report.ParsedJson;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.HostSnapshot;

class StatusServerTest {

  private final HttpClient client = HttpClient.newHttpClient();
  private final AtomicReference<HostSnapshot> snapshot = new AtomicReference<>(Samples.snapshot());
  private final AtomicReference<Duration> age = new AtomicReference<>(Duration.ZERO);
  private final AtomicReference<Optional<String>> notReady =
      new AtomicReference<>(Optional.empty());
  private PrometheusExposition exposition;
  private StatusServer server;

  @BeforeEach
  void start() throws IOException {
    exposition = new PrometheusExposition(snapshot::get, "0.1.0-test");
    server =
        StatusServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            new Sources(
                snapshot::get,
                exposition,
                age::get,
                Duration.ofSeconds(30),
                () -> "{\"incidents\":[]}\n",
                id -> id.equals("known") ? Optional.of("{\"id\":\"known\"}\n") : Optional.empty(),
                notReady::get,
                "kvm7"),
            Protection.NONE);
  }

  @AfterEach
  void stop() {
    server.close();
    exposition.close();
  }

  @Test
  void incidentsAreListedAndEachHasItsPath() throws Exception {
    assertThat(get("/api/v1/incidents").body()).isEqualTo("{\"incidents\":[]}\n");
    HttpResponse<String> known = get("/api/v1/incidents/known");
    assertThat(known.statusCode()).isEqualTo(200);
    assertThat(header(known, "Content-Type")).isEqualTo("application/json");
    assertThat(known.body()).contains("known");
    for (String path : List.of("/api/v1/incidents/", "/api/v1/incidents/other")) {
      assertThat(get(path).statusCode()).as(path).isEqualTo(404);
    }
  }

  @Test
  void metricsAreTextForWhoSaysNothing() throws Exception {
    HttpResponse<String> answer = get("/metrics");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "Content-Type"))
        .isEqualTo("text/plain; version=0.0.4; charset=utf-8");
    assertThat(answer.body())
        .contains("vhostwatch_queue_livelocked{vm=\"web01\",tap=\"vnet3\",queue=\"0\",} 1.0");
  }

  @Test
  void metricsAreOpenMetricsForWhoAsks() throws Exception {
    HttpResponse<String> answer =
        get("/metrics", "Accept", "application/openmetrics-text; version=1.0.0");
    assertThat(header(answer, "Content-Type")).startsWith("application/openmetrics-text");
    assertThat(answer.body()).endsWith("# EOF\n");
  }

  @Test
  void metricsArePackedForWhoTakesIt() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(uri("/metrics")).header("Accept-Encoding", "gzip").build();
    HttpResponse<byte[]> answer = client.send(request, BodyHandlers.ofByteArray());
    assertThat(answer.headers().firstValue("Content-Encoding")).contains("gzip");
    byte[] text = new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes();
    assertThat(new String(text, StandardCharsets.UTF_8)).isEqualTo(get("/metrics").body());
  }

  @Test
  void headHasTheHeadersOfGetAndNoBody() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(uri("/metrics"))
            .method("HEAD", HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
    assertThat(header(answer, "Content-Length"))
        .isEqualTo(String.valueOf(get("/metrics").body().length()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "FOO"})
  void otherMethodsAreRefused(String method) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(uri("/metrics"))
            .method(method, HttpRequest.BodyPublishers.ofString("x"))
            .build();
    HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(header(answer, "Allow")).isEqualTo("GET, HEAD");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/metricsX", "/metrics/", "/favicon.ico", "/api/v1/", "/%2e%2e/"})
  void unknownPathsAreNotFound(String path) throws Exception {
    assertThat(get(path).statusCode()).isEqualTo(404);
  }

  @Test
  void healthyWhileTheDaemonGoesRound() throws Exception {
    assertThat(get("/-/healthy").statusCode()).isEqualTo(200);
    age.set(Duration.ofSeconds(31));
    HttpResponse<String> answer = get("/-/healthy");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).contains("stands still", "31 s ago", "30 s");
  }

  @Test
  void whatAStandingDaemonSawLastIsNotSaidOfNow() throws Exception {
    assertThat(get("/api/v1/threads").body()).contains("\"stands_still\": null");
    age.set(Duration.ofSeconds(31));
    assertThat(get("/api/v1/threads").body())
        .contains("\"stands_still\": \"the daemon stands still");
    assertThat(get("/").body())
        .contains("<h1 id=\"verdict\">Unknown", "its last cycle ended 31 s ago");
  }

  @Test
  void readyOnceTheDaemonHasLooked() throws Exception {
    notReady.set(Optional.of("the first census has not ended"));
    assertThat(get("/-/ready").statusCode()).isEqualTo(503);
    assertThat(get("/-/ready").body()).contains("first census");
    notReady.set(Optional.empty());
    assertThat(get("/-/ready").statusCode()).isEqualTo(200);
  }

  @Test
  void threadsAreTheStatusAsJson() throws Exception {
    HttpResponse<String> answer = get("/api/v1/threads");
    assertThat(header(answer, "Content-Type")).isEqualTo("application/json");
    assertThat(ParsedJson.object(answer.body()))
        .containsEntry("schema", "vhostwatch.status/1")
        .containsEntry("exit_code", 2L);
  }

  @Test
  void thePageMayRunItsOwnScriptAndNothingElse() throws Exception {
    HttpResponse<String> answer = get("/");
    assertThat(header(answer, "Content-Security-Policy"))
        .contains("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'")
        .contains("style-src 'sha256-" + hash(answer.body(), "style") + "'")
        .contains("script-src 'sha256-" + hash(answer.body(), "script") + "'")
        .doesNotContain("unsafe");
    assertThat(header(answer, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(answer, "Cache-Control")).isEqualTo("no-store");
  }

  private static String hash(String page, String element) throws Exception {
    String[] parts = page.split("</?" + element + ">", -1);
    assertThat(parts).hasSize(3);
    byte[] content = parts[1].getBytes(StandardCharsets.UTF_8);
    return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(content));
  }

  @Test
  void aFailureInsideIsA500AndNoStackTrace() throws Exception {
    snapshot.set(null);
    HttpResponse<String> answer = get("/");
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).doesNotContain("Exception", "org.vhostwatch");
  }

  @Test
  void whatAClientMaySendIsBounded() throws Exception {
    assertThat(get("/" + "x".repeat(2_000)).statusCode()).isEqualTo(414);
    assertThat(get("/", "X-Large", "x".repeat(10_000)).statusCode()).isEqualTo(431);
    HttpRequest body =
        HttpRequest.newBuilder(uri("/metrics"))
            .method("GET", HttpRequest.BodyPublishers.ofString("x"))
            .build();
    assertThat(client.send(body, BodyHandlers.ofString()).statusCode()).isEqualTo(413);
  }

  @Test
  void anUnknownPathIsNotFoundWhateverTheMethod() throws Exception {
    HttpRequest request = HttpRequest.newBuilder(uri("/other")).DELETE().build();
    assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(404);
  }

  @Test
  void anAddressInUseIsAClearMessage() {
    assertThatThrownBy(() -> StatusServer.start(server.address(), unused(), Protection.NONE))
        .isInstanceOf(StatusServer.BindException.class)
        .hasMessageContaining("127.0.0.1:" + server.address().getPort())
        .hasMessageContaining("in use")
        .hasMessageContaining("ss -ltnp");
  }

  @Test
  void anAddressOfAnotherHostIsAClearMessage() {
    assertThatThrownBy(
            () ->
                StatusServer.start(
                    new InetSocketAddress("192.0.2.1", 1), unused(), Protection.NONE))
        .isInstanceOf(StatusServer.BindException.class)
        .hasMessageContaining("this host does not have the address");
    assertThatThrownBy(
            () ->
                StatusServer.start(
                    InetSocketAddress.createUnresolved("no.such", 1), unused(), Protection.NONE))
        .hasMessageContaining("no such host");
  }

  @Test
  void aNameIsResolvedWhenItIsListenedOn() throws Exception {
    try (StatusServer named =
        StatusServer.start(
            InetSocketAddress.createUnresolved("localhost", 0), unused(), Protection.NONE)) {
      assertThat(named.address().getAddress().isLoopbackAddress()).isTrue();
      assertThat(named.address().getPort()).isPositive();
    }
  }

  private Sources unused() {
    return new Sources(
        snapshot::get,
        exposition,
        age::get,
        Duration.ofSeconds(30),
        () -> "{\"incidents\":[]}\n",
        id -> id.equals("known") ? Optional.of("{\"id\":\"known\"}\n") : Optional.empty(),
        notReady::get,
        "kvm7");
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
  }

  private static String header(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }
}
