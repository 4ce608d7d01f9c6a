package org.vhostwatch.http;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The daemon's HTTP server: plain HTTP for the loopback address, or with TLS and passwords for
 * others. Its threads read what the loop published, and the loop never waits for them.
 */
public final class StatusServer implements AutoCloseable {

  /** How many connections may wait to be accepted. */
  private static final int BACKLOG = 256;

  // Ports below take CAP_NET_BIND_SERVICE; net.ipv4.ip_unprivileged_port_start changes it.
  private static final int FIRST_FOR_ALL = 1024;

  private final HttpServer server;
  private final RequestThreads threads;
  private final Access access;
  private final Optional<CurrentKeys> keys;

  private StatusServer(
      HttpServer server, RequestThreads threads, Access access, Optional<CurrentKeys> keys) {
    this.server = server;
    this.threads = threads;
    this.access = access;
    this.keys = keys;
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
  public static StatusServer start(
      InetSocketAddress address, Sources sources, Protection protection) throws BindException {
    return start(address, sources, protection, RequestThreads.Limits.DEFAULT);
  }

  static StatusServer start(
      InetSocketAddress address,
      Sources sources,
      Protection protection,
      RequestThreads.Limits limits)
      throws BindException {
    limitSlowClients();
    HttpServer server = listen(address, protection.tls().isPresent());
    RequestThreads threads = new RequestThreads(limits);
    Access access = new Access(protection);
    server.setExecutor(threads);
    // One context: the server takes paths as prefixes, and would answer /metricsX with the metrics.
    server.createContext("/", new Exchange(new Endpoints(sources), threads, access));
    Optional<CurrentKeys> keys = protection.tls().map(CurrentKeys::new);
    if (server instanceof HttpsServer https) {
      keys.ifPresent(own -> https.setHttpsConfigurator(new HttpsConfigurator(own.context())));
    }
    server.start();
    return new StatusServer(server, threads, access, keys);
  }

  /**
   * Takes other passwords, and another certificate for connections to come; without one the present
   * one stays. What was started as plain HTTP stays that.
   */
  public void protect(Protection protection) {
    access.change(protection);
    keys.ifPresent(own -> protection.tls().ifPresent(own::change));
  }

  /** Returns the address it listens on. */
  public InetSocketAddress address() {
    return server.getAddress();
  }

  private static HttpServer listen(InetSocketAddress given, boolean tls) throws BindException {
    String where = text(given);
    InetSocketAddress address = resolved(given);
    if (address.isUnresolved()) {
      throw new BindException(
          "cannot listen on "
              + where
              + ": no such host, or nobody to ask now; an address of this host needs nobody",
          null);
    }
    try {
      return tls ? HttpsServer.create(address, BACKLOG) : HttpServer.create(address, BACKLOG);
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
    if (reason.contains("Permission denied") && port < FIRST_FOR_ALL) {
      return "a port below 1024 takes CAP_NET_BIND_SERVICE, which the service has only with"
          + " CapabilityBoundingSet=CAP_NET_BIND_SERVICE in a drop-in (`systemctl edit vhostwatch`);"
          + " or choose a higher one";
    }
    return reason.contains("assign")
        ? "this host does not have the address: choose one that `ip address` shows"
        : "choose another address or port";
  }

  /** Returns what an address means now; unresolved if nobody knows. */
  public static InetSocketAddress resolved(InetSocketAddress address) {
    return address.isUnresolved()
        ? new InetSocketAddress(address.getHostString(), address.getPort())
        : address;
  }

  /** Returns an address as a URL takes it: one of IPv6 in brackets. */
  public static String text(InetSocketAddress address) {
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
    // Looked at so often, in milliseconds: each second would be a tenth of what a calm host costs.
    limit("sun.net.httpserver.timerMillis", "5000");
    limit("sun.net.httpserver.idleInterval", "30");
    limit("sun.net.httpserver.maxIdleConnections", "64");
    limit("sun.net.httpserver.maxReqHeaders", "64");
    limit("sun.net.httpserver.maxReqHeaderSize", "16384");
    limit("jdk.httpserver.maxConnections", "512");
    // An answer goes out as header and body: without this the body waits for the header's ACK.
    limit("sun.net.httpserver.nodelay", "true");
  }

  private static void limit(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** Ends all connections. */
  @Override
  public void close() {
    server.stop(0);
    threads.close();
  }
}
