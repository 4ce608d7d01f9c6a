package org.vhostwatch.notify;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.vhostwatch.host.Ownership;
import org.vhostwatch.incident.Incident;
import org.vhostwatch.incident.IncidentJson;
import org.vhostwatch.incident.Keeper;
import org.vhostwatch.log.Log;
import org.vhostwatch.probe.Child;
import org.vhostwatch.probe.Spawner;

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
      Log.hookFailed(command.get(0), incident.id(), MAX_WAITING + " calls wait already: left out");
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
        Log.hookFailed(command.get(0), id, "is not run: it is " + objection.get());
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
          Log.hookFailed(
              command.get(0),
              id,
              what + ": was ended: it took longer than " + limit.toSeconds() + " s");
        } else if (child.exitCode() != 0) {
          Log.hookFailed(
              command.get(0),
              id,
              what + ": ended with " + child.exitCode() + ": " + child.complaint());
        } else {
          Log.hookEnded(
              command.get(0),
              id,
              what + ", after " + (System.nanoTime() - begun) / 1_000_000 + " ms");
        }
      }
    } catch (NoSuchFileException e) {
      Log.hookFailed(
          command.get(0),
          id,
          "is not run: there is no such file, for the service at least, which sees nothing below"
              + " /home and /root");
    } catch (IOException | RuntimeException e) {
      Log.hookFailed(command.get(0), id, String.valueOf(e.getMessage()));
    } catch (OutOfMemoryError e) {
      // Of threads, where a limit of them is reached. The next call may find one.
      Log.hookFailed(command.get(0), id, "is not run: " + e.getMessage());
    }
  }

  /** Ends the program, if it runs; what waits is not done any more. */
  @Override
  public void close() {
    thread.interrupt();
  }
}
