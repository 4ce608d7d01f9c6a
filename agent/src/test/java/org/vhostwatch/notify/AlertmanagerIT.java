package org.vhostwatch.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.IncidentSamples;
import org.vhostwatch.incident.Keeper.What;

/** A real Alertmanager, with a receiver that is told what it groups. */
@Timeout(120)
class AlertmanagerIT {

  private static final Alertmanager.Pace FAST =
      new Alertmanager.Pace(Duration.ofSeconds(2), Duration.ofMillis(100), Duration.ofSeconds(5));

  private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private Path folder = Path.of("");
  private HttpServer receiver;
  private @Nullable Process alertmanager;
  private URI url = URI.create("http://127.0.0.1");

  @BeforeEach
  void start(@TempDir Path given) throws IOException {
    folder = given;
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          received.add(
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    receiver.start();
    url = URI.create("http://127.0.0.1:" + freePort());
  }

  @AfterEach
  void stop() throws InterruptedException {
    receiver.stop(0);
    if (alertmanager != null) {
      alertmanager.destroyForcibly().waitFor();
    }
  }

  @Test
  void aLivelockFiresLastsAndIsResolved() throws Exception {
    run();
    long now = System.currentTimeMillis();
    Incident open = incident(Incident.State.OPEN, now - 100_000);
    try (Alertmanager sender = new Alertmanager(url, "kvm7", FAST)) {
      sender.incident(What.OPENED, open);
      assertThat(received.poll(30, TimeUnit.SECONDS))
          .contains("\"status\":\"firing\"", "\"alertname\":\"VhostQueueLivelocked\"")
          .contains("\"vm\":\"web\\\"01\"", "\"tap\":\"vnet3\"", "\"instance\":\"kvm7\"")
          .contains("\"severity\":\"critical\"", "\"queue\":");
      // Its end is four times the period ahead, and goes on with each time that it is told.
      String first = end();
      await().atMost(Duration.ofSeconds(20)).until(() -> !end().equals(first));
      sender.incident(What.ENDED, incident(Incident.State.CLOSED, now - 100_000));
      assertThat(received.poll(30, TimeUnit.SECONDS)).contains("\"status\":\"resolved\"");
      await().atMost(Duration.ofSeconds(20)).until(() -> alerts().equals("[]"));
    }
  }

  @Test
  void whatCannotBeDeliveredIsTriedAgain() throws Exception {
    try (Alertmanager sender = new Alertmanager(url, "kvm7", FAST);
        Logging log = new Logging()) {
      sender.incident(
          What.OPENED, incident(Incident.State.OPEN, System.currentTimeMillis() - 100_000));
      log.logged().await("takes no alert, tried again");
      run();
      log.logged().await("takes alerts again");
      assertThat(received.poll(30, TimeUnit.SECONDS)).contains("\"status\":\"firing\"");
    }
  }

  /** Closes what keeps the log. */
  private record Logging(Logged logged) implements AutoCloseable {
    Logging() {
      this(new Logged());
      logged.start();
    }

    @Override
    public void close() {
      logged.stop();
    }
  }

  private static Incident incident(Incident.State state, long wallMillis) {
    return IncidentSamples.full("20261123T140640Z-0a1b2c3d", "web\"01", "vnet3", state, wallMillis);
  }

  private String alerts() throws Exception {
    return client
        .send(
            HttpRequest.newBuilder(URI.create(url + "/api/v2/alerts?active=true")).build(),
            BodyHandlers.ofString())
        .body()
        .strip();
  }

  private String end() throws Exception {
    return alerts().replaceFirst("(?s).*\"endsAt\":\"([^\"]+)\".*", "$1");
  }

  private void run() throws Exception {
    Path config = folder.resolve("alertmanager.yml");
    Files.writeString(
        config,
        """
        route: { receiver: test, group_by: [alertname, instance], group_wait: 0s, group_interval: 1s }
        receivers:
          - name: test
            webhook_configs: [ { url: "http://127.0.0.1:%d/", send_resolved: true } ]
        """
            .formatted(receiver.getAddress().getPort()));
    alertmanager =
        new ProcessBuilder(
                "/usr/bin/prometheus-alertmanager",
                "--config.file=" + config,
                "--storage.path=" + folder.resolve("data"),
                "--cluster.listen-address=",
                "--web.listen-address=127.0.0.1:" + url.getPort())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("alertmanager.log").toFile())
            .start();
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> alerts().startsWith("["));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
