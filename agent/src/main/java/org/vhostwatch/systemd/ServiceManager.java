package org.vhostwatch.systemd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.libc.MonotonicClock;
import org.vhostwatch.libc.UnixDatagram;
import org.vhostwatch.log.Log;
import org.vhostwatch.snapshot.HostSnapshot;

/**
 * Tells systemd of the daemon, from a thread of its own that only looks: the sign of life is sent
 * because the daemon's loop went round, never because this thread did. Does nothing where nobody
 * listens.
 */
public final class ServiceManager implements AutoCloseable {

  /**
   * Where the daemon is looked at.
   *
   * @param snapshot the host as last seen
   * @param ready whether it was looked at with probes, or is known to be degraded
   * @param sinceCycle how long ago the loop last went round
   */
  public record Source(
      Supplier<HostSnapshot> snapshot, BooleanSupplier ready, Supplier<Duration> sinceCycle) {}

  private final @Nullable Request request;
  private final Source source;
  private final CountDownLatch stop = new CountDownLatch(1);
  private boolean complained;

  private ServiceManager(@Nullable Request request, Source source) {
    this.request = request;
    this.source = source;
  }

  /**
   * Begins to tell, if the environment names somebody to tell.
   *
   * @param environment of this process
   * @throws IOException if the first message cannot be sent: a service manager that hears nothing
   *     would end the daemon later, without a reason that helps
   */
  public static ServiceManager start(Map<String, String> environment, Source source)
      throws IOException {
    Optional<Request> request = Request.from(environment, ProcessHandle.current().pid());
    ServiceManager manager = new ServiceManager(request.orElse(null), source);
    if (request.isPresent()) {
      try {
        send(request.get(), "STATUS=" + StatusLine.STARTING + "\n");
      } catch (IOException | IllegalArgumentException e) {
        throw new IOException("NOTIFY_SOCKET is set, but nobody can be told: " + e.getMessage(), e);
      }
      Request wanted = request.get();
      Thread thread = new Thread(() -> manager.run(wanted), "systemd");
      thread.setDaemon(true);
      thread.start();
    }
    return manager;
  }

  /** Returns whether there is one: it starts anew what ends with a failure. */
  public boolean present() {
    return request != null;
  }

  /**
   * Runs what reads the configuration again, and says when that begins and ends. A daemon that was
   * not ready before is not after it either.
   */
  public void reload(Runnable work) {
    boolean tell = request != null && stop.getCount() > 0 && source.ready().getAsBoolean();
    if (!tell || request == null) {
      work.run();
      return;
    }
    try {
      // systemd takes READY=1 for the answer to its own request only if this is not older.
      send(request, "RELOADING=1\nMONOTONIC_USEC=" + MonotonicClock.micros() + "\n");
    } catch (IOException e) {
      Log.systemdUnreachable("of the reload", e);
    }
    try {
      work.run();
    } finally {
      try {
        send(request, "READY=1\n");
      } catch (IOException e) {
        Log.systemdUnreachable("that the reload is over", e);
      }
    }
  }

  /** Says that the daemon stops. */
  public void stopping() {
    if (request != null && stop.getCount() > 0) {
      stop.countDown();
      try {
        send(request, "STOPPING=1\nSTATUS=" + StatusLine.STOPPING + "\n");
      } catch (IOException e) {
        Log.systemdUnreachable("that this stops", e);
      }
    }
  }

  @Override
  public void close() {
    stop.countDown();
  }

  private void run(Request wanted) {
    Teller teller = new Teller(wanted.watchdog(), System.nanoTime());
    try {
      while (!stop.await(teller.period().toNanos(), TimeUnit.NANOSECONDS)) {
        boolean ready = source.ready().getAsBoolean();
        String status = ready ? StatusLine.of(source.snapshot().get()) : StatusLine.STARTING;
        teller
            .due(ready, source.sinceCycle().get(), status, System.nanoTime())
            .ifPresent(message -> tell(wanted, message, teller));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell(Request wanted, String message, Teller teller) {
    try {
      send(wanted, message);
      teller.delivered();
      complained = false;
    } catch (IOException e) {
      // It is told again at the next look; systemd may be busy, or executing itself anew.
      if (!complained) {
        Log.systemdUnreachable("how the daemon is", e);
      }
      complained = true;
    }
  }

  private static void send(Request wanted, String message) throws IOException {
    UnixDatagram.send(wanted.address(), message.getBytes(StandardCharsets.UTF_8));
  }
}
