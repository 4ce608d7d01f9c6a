package org.vhostwatch.http;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The daemon's HTTP server. Plain HTTP without authentication: it is meant for the loopback
 * address, or for a proxy in front of it.
 */
public final class StatusServer implements AutoCloseable {

  private static final int THREADS = 4;

  /** How many connections may wait to be accepted. */
  private static final int BACKLOG = 32;

  private final HttpServer server;
  private final ExecutorService threads;

  private StatusServer(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /** An address that cannot be listened on; the message says which, why and what to do. */
  public static final class BindException extends IOException {
    private static final long serialVersionUID = 1L;

    BindException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Starts to answer.
   *
   * @param address where to listen; port 0 takes any that is free
   */
  public static StatusServer start(InetSocketAddress address, Sources sources)
      throws BindException {
    limitSlowClients();
    HttpServer server = listen(address);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS, threadFactory());
    server.setExecutor(threads);
    // One context: the server takes paths as prefixes, and would answer /metricsX with the metrics.
    server.createContext("/", new Exchange(new Endpoints(sources)));
    server.start();
    return new StatusServer(server, threads);
  }

  /** Returns the address it listens on. */
  public InetSocketAddress address() {
    return server.getAddress();
  }

  private static HttpServer listen(InetSocketAddress address) throws BindException {
    String where = text(address);
    if (address.isUnresolved()) {
      throw new BindException(
          "cannot listen on " + where + ": no such host; give an address of this host", null);
    }
    try {
      return HttpServer.create(address, BACKLOG);
    } catch (IOException e) {
      throw new BindException(
          "cannot listen on " + where + ": " + e.getMessage() + "; " + remedy(e, address.getPort()),
          e);
    }
  }

  private static String remedy(IOException failure, int port) {
    String reason = String.valueOf(failure.getMessage());
    if (reason.contains("in use")) {
      return "is another vhostwatch running? `ss -ltnp sport = :"
          + port
          + "` says who listens there; stop it or choose another port";
    }
    return reason.contains("assign")
        ? "this host does not have the address: choose one that `ip address` shows"
        : "choose another address or port";
  }

  private static String text(InetSocketAddress address) {
    String host = address.getHostString();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  /**
   * A request must be read, and an answer taken, within seconds, else a few idle connections would
   * hold all threads. The server reads these once, as its class is loaded; who set them on the
   * command line is heard.
   */
  private static void limitSlowClients() {
    limit("sun.net.httpserver.maxReqTime", "10");
    limit("sun.net.httpserver.maxRspTime", "30");
    limit("sun.net.httpserver.idleInterval", "30");
    limit("sun.net.httpserver.maxIdleConnections", "32");
    limit("sun.net.httpserver.maxReqHeaders", "64");
    limit("sun.net.httpserver.maxReqHeaderSize", "16384");
    limit("jdk.httpserver.maxConnections", "64");
    // An answer goes out as header and body: without this the body waits for the header's ACK.
    limit("sun.net.httpserver.nodelay", "true");
  }

  private static void limit(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private static ThreadFactory threadFactory() {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, "http-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Ends all connections. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
