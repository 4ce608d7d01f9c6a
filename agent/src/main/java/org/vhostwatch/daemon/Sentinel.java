package org.vhostwatch.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.probe.Bpftrace;
import org.vhostwatch.probe.Child;
import org.vhostwatch.probe.Plan;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.Spawner;

/**
 * Keeps the resident bpftrace alive, on a thread of its own: waits for the modules, attaches,
 * watches that it speaks, starts it again with back-off, and plans anew when a module came or went.
 */
final class Sentinel implements AutoCloseable {

  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration START_POLL = Duration.ofMillis(100);
  private static final Duration STOP_GRACE = Duration.ofSeconds(3);

  private static final Duration START_LIMIT = Duration.ofSeconds(60);

  /** Ticks get lost while a worker spins on the CPU that makes them; so many in a row do not. */
  private static final Duration SILENCE = Duration.ofSeconds(30);

  private static final Duration STABLE = Duration.ofSeconds(60);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final ProbeKit.Options options;
  private final Spawner spawner;
  private final Consumer<Incoming> inbox;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "sentinel");
  private final AtomicLong spokeAt = new AtomicLong();
  private @Nullable String modules;

  Sentinel(ProbeKit.Options options, Spawner spawner, Consumer<Incoming> inbox) {
    this.options = options;
    this.spawner = spawner;
    this.inbox = inbox;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  @Override
  public void close() {
    stop.countDown();
    try {
      thread.join(STOP_GRACE.multipliedBy(2).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    Duration pause = POLL;
    long run = 0;
    try {
      while (!stopping(Duration.ZERO)) {
        modules = loadedModules();
        ProbeKit kit = ProbeKit.prepare(options, spawner);
        inbox.accept(new Incoming.Kit(kit));
        Optional<String> script = kit.plan().flatMap(Plan::sentinel);
        if (script.isEmpty() || kit.bpftrace().isEmpty()) {
          // Without the modules there is nothing to restart: wait for them, however long.
          pause = kit.vhostNetLoaded() ? longer(pause) : pause;
          waitForModules(pause);
          continue;
        }
        run++;
        long began = System.nanoTime();
        String trouble =
            attend(kit.bpftrace().get(), script.get(), kit.plan().get().indices(), run);
        inbox.accept(new Incoming.Detached(run, trouble));
        boolean stable = System.nanoTime() - began > STABLE.toNanos();
        if (!trouble.isEmpty()) {
          pause = stable ? POLL : longer(pause);
          waitForModules(pause);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : twice;
  }

  private boolean stopping(Duration within) throws InterruptedException {
    return stop.await(within.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Waits for the pause to end, or for a module to come or go. */
  private void waitForModules(Duration pause) throws InterruptedException {
    long end = System.nanoTime() + pause.toNanos();
    boolean absent = !Files.exists(Path.of("/sys/module/vhost_net"));
    while ((absent || System.nanoTime() < end) && loadedModules().equals(modules)) {
      if (stopping(POLL)) {
        return;
      }
    }
  }

  /** Runs bpftrace until it ends or must; returns why, empty when it is to be planned anew. */
  private String attend(Bpftrace bpftrace, String script, boolean indices, long run)
      throws InterruptedException {
    spokeAt.set(System.nanoTime());
    Consumer<String> lines =
        line -> {
          spokeAt.set(System.nanoTime());
          inbox.accept(new Incoming.Line(run, line));
        };
    try (Child child = bpftrace.probes(script, lines)) {
      boolean attached = false;
      while (true) {
        if (stopping(attached ? POLL : START_POLL)) {
          child.stop(STOP_GRACE);
          return "";
        }
        if (!child.alive()) {
          child.await(STOP_GRACE);
          return "the sentinel ended: " + child.complaint();
        }
        if (!loadedModules().equals(modules)) {
          child.stop(STOP_GRACE);
          return "";
        }
        if (!attached && child.isReady()) {
          attached = true;
          inbox.accept(new Incoming.Attached(run, indices));
        }
        Duration limit = attached ? SILENCE : START_LIMIT;
        if (System.nanoTime() - spokeAt.get() > limit.toNanos()) {
          child.stop(STOP_GRACE);
          return "the sentinel said nothing for " + limit.toSeconds() + " s and was ended";
        }
      }
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** Returns a text that changes when one of the modules comes, goes, or is loaded again. */
  private static String loadedModules() {
    StringBuilder loaded = new StringBuilder();
    for (String module : KernelFacts.MODULES) {
      try {
        loaded
            .append(module)
            .append(Files.getAttribute(Path.of("/sys/module", module), "unix:ino"));
      } catch (IOException e) {
        loaded.append('-');
      }
    }
    return loaded.toString();
  }
}
