package org.vhostwatch.notify;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.Keeper;
import org.vhostwatch.log.Log;
import org.vhostwatch.report.Printable;

/**
 * Tells an Alertmanager of livelocks, as Prometheus would: in its API v2, again and again while
 * they last, so that an alert ends by itself if this agent does, and once more when they are over.
 * What cannot be delivered is tried again, ever more rarely, for as long as it counts.
 */
public final class Alertmanager implements Notices, AutoCloseable {

  /**
   * When to speak.
   *
   * @param resend how often an alert that lasts is told again
   * @param retry after which time to try again first; doubled each time, up to {@code resend}
   * @param timeout of a connection, and of each wait for an answer
   */
  public record Pace(Duration resend, Duration retry, Duration timeout) {

    /** As Prometheus does. */
    public static final Pace DEFAULT =
        new Pace(Duration.ofSeconds(60), Duration.ofSeconds(1), Duration.ofSeconds(10));
  }

  /** More alerts at a time than anybody reads; more are not told. */
  private static final int MAX_ALERTS = 256;

  private static final int MAX_WORDS = 256;

  private final URI url;
  private final String instance;
  private final Pace pace;
  private final Thread thread;

  /** By the incident's id. Guarded by this, as all below. */
  private final Map<String, Alert> alerts = new LinkedHashMap<>();

  /** Whether something happened since it was last told. */
  private boolean news;

  private boolean closed;

  /**
   * Starts to wait for incidents.
   *
   * @param base of the Alertmanager, as {@code http://host:9093}
   * @param instance what this host is called
   */
  public Alertmanager(URI base, String instance, Pace pace) {
    this.url = URI.create(base.toString().replaceFirst("/+$", "") + "/api/v2/alerts");
    this.instance = instance;
    this.pace = pace;
    this.thread = new Thread(this::work, "alertmanager");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public synchronized void incident(Keeper.What what, Incident incident) {
    boolean known = alerts.containsKey(incident.id());
    if (!known && (alerts.size() >= MAX_ALERTS || what == Keeper.What.ENDED)) {
      return;
    }
    // What was added to an incident changes no alert, and needs not be told before its time.
    alerts.put(incident.id(), new Alert(incident));
    news |= what != Keeper.What.UPDATED;
    notifyAll();
  }

  private void work() {
    Duration pause = Duration.ZERO;
    boolean failing = false;
    try {
      while (await(pause)) {
        List<Alert> told = alerts();
        if (told.isEmpty()) {
          continue;
        }
        try {
          long now = System.currentTimeMillis();
          post(Alert.json(told, instance, now, now + 4 * pace.resend().toMillis()));
          delivered(told);
          if (failing) {
            Log.alertsTakenAgain(url.toString());
          }
          failing = false;
          pause = pace.resend();
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
          if (!failing) {
            Log.alertsRefused(url.toString(), e.toString());
          }
          pause = failing ? doubled(pause) : pace.retry();
          failing = true;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Duration doubled(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(pace.resend()) < 0 ? twice : pace.resend();
  }

  /** Waits until there is something to tell; returns false at the end of the program. */
  private synchronized boolean await(Duration pause) throws InterruptedException {
    long end = System.nanoTime() + pause.toNanos();
    while (!closed && !news) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (alerts.isEmpty()) {
        wait();
      } else if (left > 0) {
        wait(left);
      } else {
        break;
      }
    }
    news = false;
    return !closed;
  }

  private synchronized List<Alert> alerts() {
    return new ArrayList<>(alerts.values());
  }

  /** What is over needs not be told again. */
  private synchronized void delivered(List<Alert> told) {
    for (Alert alert : told) {
      if (alert.over()) {
        alerts.remove(alert.id(), alert);
      }
    }
  }

  private void post(String json) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) url.toURL().openConnection();
    try {
      connection.setRequestMethod("POST");
      connection.setConnectTimeout((int) pace.timeout().toMillis());
      connection.setReadTimeout((int) pace.timeout().toMillis());
      connection.setInstanceFollowRedirects(false);
      connection.setDoOutput(true);
      connection.setRequestProperty("Content-Type", "application/json");
      byte[] body = json.getBytes(StandardCharsets.UTF_8);
      connection.setFixedLengthStreamingMode(body.length);
      try (OutputStream out = connection.getOutputStream()) {
        out.write(body);
      }
      int status = connection.getResponseCode();
      if (status / 100 != 2) {
        throw new IOException("it answers " + status + " " + words(connection));
      }
    } finally {
      connection.disconnect();
    }
  }

  private static String words(HttpURLConnection connection) throws IOException {
    try (InputStream in = connection.getErrorStream()) {
      return in == null
          ? ""
          : Printable.of(new String(in.readNBytes(MAX_WORDS), StandardCharsets.UTF_8));
    }
  }

  /** Leaves what lasts to end by itself, or to the agent that takes it over. */
  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
