package org.vhostwatch.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.QueueStatus;

/** Clients in crowds, slow ones and wrong ones, against the real server with its real limits. */
@Timeout(120)
class HostileClientsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final HttpClient client = HttpClient.newHttpClient();
  private final List<Socket> slow = new ArrayList<>();
  private Serving serving;

  @BeforeEach
  void start() throws IOException {
    serving = new Serving(Samples::snapshot, Protection.NONE, RequestThreads.Limits.DEFAULT);
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : slow) {
      socket.close();
    }
    serving.close();
  }

  @Test
  void twoHundredScrapesAtOnceAreAllAnswered() throws Exception {
    HostSnapshot large = Samples.snapshot(queues(500));
    // The real threads and places; a machine that is busy with other tests takes its time.
    RequestThreads.Limits patient =
        new RequestThreads.Limits(
            RequestThreads.Limits.DEFAULT.threads(),
            RequestThreads.Limits.DEFAULT.answers(),
            Duration.ofSeconds(90),
            Duration.ofSeconds(30));
    try (Serving crowded = new Serving(() -> large, Protection.NONE, patient)) {
      List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        HttpRequest request =
            HttpRequest.newBuilder(uri(crowded, "/metrics"))
                .header("Accept-Encoding", i % 2 == 0 ? "gzip" : "identity")
                .timeout(Duration.ofSeconds(100))
                .build();
        answers.add(client.sendAsync(request, BodyHandlers.ofByteArray()));
      }
      List<Integer> sizes = new ArrayList<>();
      for (CompletableFuture<HttpResponse<byte[]>> answer : answers) {
        assertThat(answer.get().statusCode()).isEqualTo(200);
        sizes.add(answer.get().body().length);
      }
      assertThat(sizes).allMatch(size -> size > 10_000);
      assertThat(workers()).hasSizeLessThanOrEqualTo(RequestThreads.Limits.DEFAULT.threads());
    }
    noThreadIsLeft();
  }

  @Test
  void aHundredClientsThatNeverEndTheirRequestKeepNobodyOut() throws Exception {
    for (int i = 0; i < 100; i++) {
      slow.add(serving.send("GET /metrics HTTP/1.1\r\nHost: x\r\nX-" + i + ": "));
    }
    await().atMost(PATIENCE).until(() -> workers().size() == 32);
    for (int i = 0; i < 3; i++) {
      assertThat(scrape().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void clientsThatDoNotReadKeepNobodyOut() throws Exception {
    HostSnapshot large = Samples.snapshot(queues(2_000));
    // 80 answers of megabytes, four at a time: waited for with patience, but not for maxRspTime
    // each.
    RequestThreads.Limits limits =
        new RequestThreads.Limits(32, 4, Duration.ofSeconds(60), Duration.ofMillis(500));
    try (Serving crowded = new Serving(() -> large, Protection.NONE, limits)) {
      for (int i = 0; i < 20; i++) {
        // A window of some bytes: set before it is connected.
        Socket socket = new Socket();
        socket.setReceiveBufferSize(1024);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), crowded.port()));
        for (int n = 0; n < 4; n++) {
          socket
              .getOutputStream()
              .write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        }
        slow.add(socket);
      }
      HttpRequest request =
          HttpRequest.newBuilder(uri(crowded, "/metrics")).timeout(Duration.ofSeconds(65)).build();
      assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void whoFindsNoPlaceInTimeIsToldWhenToComeBack() throws Exception {
    CountDownLatch blocked = new CountDownLatch(2);
    CountDownLatch free = new CountDownLatch(1);
    try (Serving narrow =
        new Serving(
            () -> {
              blocked.countDown();
              try {
                free.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return Samples.snapshot();
            },
            Protection.NONE,
            new RequestThreads.Limits(8, 2, Duration.ofMillis(200), Duration.ofMillis(100)))) {
      HttpRequest request = HttpRequest.newBuilder(uri(narrow, "/metrics")).build();
      List<CompletableFuture<HttpResponse<Void>>> held =
          List.of(
              client.sendAsync(request, BodyHandlers.discarding()),
              client.sendAsync(request, BodyHandlers.discarding()));
      blocked.await();
      HttpResponse<String> refused = client.send(request, BodyHandlers.ofString());
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("Retry-After")).contains("1");
      free.countDown();
      // Those that were at work were not hurried: only who waits for a client is.
      for (CompletableFuture<HttpResponse<Void>> answer : held) {
        assertThat(answer.get().statusCode()).isEqualTo(200);
      }
    }
  }

  @Test
  void tenThousandBadRequestsAreRefusedAndLeaveNothing() throws Exception {
    Random random = new Random(19739);
    BadRequests bad = new BadRequests(random);
    Map<String, Integer> answers = new TreeMap<>();
    for (int i = 0; i < 10_000; i++) {
      answers.merge(status(bad.next()), 1, Integer::sum);
    }
    assertThat(answers).containsKeys("400", "404", "405", "413", "414", "431");
    assertThat(answers).doesNotContainKeys("200", "500");
    assertThat(scrape().statusCode()).isEqualTo(200);
    noThreadIsLeft();
  }

  /** Returns the status, {@code closed} if the server hangs up without one. */
  private String status(String request) throws IOException {
    try (Socket socket = serving.send(request)) {
      socket.shutdownOutput();
      byte[] answer = socket.getInputStream().readNBytes(64 << 10);
      String line = new String(answer, StandardCharsets.ISO_8859_1).split("\r\n", 2)[0];
      return line.startsWith("HTTP/1.1 ") ? line.split(" ", -1)[1] : "closed";
    } catch (SocketException e) {
      return "closed";
    }
  }

  private HttpResponse<String> scrape() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(uri(serving, "/metrics")).timeout(PATIENCE).build();
    return client.send(request, BodyHandlers.ofString());
  }

  private static URI uri(Serving serving, String path) {
    return URI.create("http://127.0.0.1:" + serving.port() + path);
  }

  private static void noThreadIsLeft() {
    await().atMost(Duration.ofSeconds(30)).until(() -> workers().isEmpty());
  }

  private static List<String> workers() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.matches("http-\\d+"))
        .collect(Collectors.toList());
  }

  static List<QueueStatus> queues(int number) {
    QueueStatus one = Samples.snapshot().queues().get(1);
    return IntStream.range(0, number)
        .mapToObj(
            i ->
                new QueueStatus(
                    "vm" + i, one.vmm(), one.port(), Samples.healthy(i + 1, 5, 6, "t", 0), 0))
        .toList();
  }
}
