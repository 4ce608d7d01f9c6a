package org.vhostwatch.notify;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vhostwatch.host.Ownership;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.IncidentJson;
import org.vhostwatch.incident.Keeper;
import org.vhostwatch.probe.Child;
import org.vhostwatch.probe.Spawner;
import org.vhostwatch.report.Printable;

/**
 * Runs the operator's program when an incident begins, begins again or ends: with the incident as
 * JSON on its standard input, never through a shell, one at a time, for a limited time. What VMs
 * are called stands in the JSON alone, never in an argument.
 */
public final class Hook implements Notices, AutoCloseable {

  /** How long the program may take. */
  public static final Duration LIMIT = Duration.ofSeconds(30);

  /** Incidents are rare: who has so many waiting has a program that hangs. */
  private static final int MAX_WAITING = 16;

  private static final Duration GRACE = Duration.ofSeconds(2);

  private static final Logger LOG = LoggerFactory.getLogger("vhostwatch");

  private record Call(Keeper.What what, Incident incident) {}

  private final List<String> command;
  private final Duration limit;
  private final Spawner spawner = new Spawner();
  private final BlockingQueue<Call> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
  private final Thread thread = new Thread(this::work, "on-incident");

  /**
   * Starts to wait for incidents.
   *
   * @param command absolute path of the program, and its arguments
   * @param limit how long it may take
   */
  public Hook(List<String> command, Duration limit) {
    this.command = List.copyOf(command);
    this.limit = limit;
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void incident(Keeper.What what, Incident incident) {
    if (what != Keeper.What.UPDATED && !waiting.offer(new Call(what, incident))) {
      LOG.error(
          "on-incident: {} calls wait already, so that of incident {} is left out",
          MAX_WAITING,
          incident.id());
    }
  }

  private void work() {
    try {
      while (true) {
        Call call = waiting.take();
        run(call);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(Call call) throws InterruptedException {
    String what = call.what().name().toLowerCase(Locale.ROOT);
    String id = call.incident().id();
    try {
      Optional<String> objection = Ownership.objectionTo(Path.of(command.get(0)));
      if (objection.isPresent()) {
        LOG.error("on-incident: {} is not run: it is {}", command.get(0), objection.get());
        return;
      }
      long begun = System.nanoTime();
      try (Child child =
          Child.program(
              spawner,
              command,
              Map.of("VHOSTWATCH_EVENT", what, "VHOSTWATCH_INCIDENT", id),
              IncidentJson.of(call.incident()))) {
        boolean ended = child.await(limit);
        if (!ended) {
          child.stop(GRACE);
          LOG.error(
              "on-incident: {} was ended: it took longer than {} s for incident {}, {}",
              command.get(0),
              limit.toSeconds(),
              id,
              what);
        } else if (child.exitCode() != 0) {
          LOG.error(
              "on-incident: {} ended with {} for incident {}, {}: {}",
              command.get(0),
              child.exitCode(),
              id,
              what,
              Printable.of(child.complaint()));
        } else {
          LOG.info(
              "on-incident: {} ended with 0 after {} ms for incident {}, {}",
              command.get(0),
              (System.nanoTime() - begun) / 1_000_000,
              id,
              what);
        }
      }
    } catch (IOException e) {
      LOG.error("on-incident: {}", Printable.of(String.valueOf(e.getMessage())));
    }
  }

  /** Ends the program, if it runs; what waits is not done any more. */
  @Override
  public void close() {
    thread.interrupt();
  }
}
