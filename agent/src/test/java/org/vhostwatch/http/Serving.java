package org.vhostwatch.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.vhostwatch.metrics.prometheus.PrometheusExposition;
import org.vhostwatch.snapshot.HostSnapshot;

/** The real server on a free port, with metrics of a snapshot. */
final class Serving implements AutoCloseable {

  private final PrometheusExposition exposition;
  private final StatusServer server;

  Serving(Supplier<HostSnapshot> snapshot, Protection protection, RequestThreads.Limits limits)
      throws IOException {
    exposition = new PrometheusExposition(snapshot, "0.1.0-test");
    server =
        StatusServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            new Sources(
                snapshot,
                exposition,
                () -> Duration.ZERO,
                Duration.ofSeconds(30),
                () -> "{\"incidents\":[]}\n",
                id -> Optional.empty(),
                Optional::empty,
                "kvm7"),
            protection,
            limits);
  }

  StatusServer server() {
    return server;
  }

  int port() {
    return server.address().getPort();
  }

  /** Opens a connection and sends the beginning of something, or all. */
  Socket send(String text) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port());
    socket.setSoTimeout(20_000);
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  @Override
  public void close() {
    server.close();
    exposition.close();
  }
}
