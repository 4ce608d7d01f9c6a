package org.vhostwatch.daemon;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.HostClock;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Switch;
import org.vhostwatch.probe.Bpftrace;
import org.vhostwatch.probe.Child;
import org.vhostwatch.probe.FtraceSwitch;
import org.vhostwatch.probe.Mode;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.probe.Spawner;

/**
 * Keeps the resident bpftrace alive, on a thread of its own: waits for the modules, attaches,
 * watches that it speaks, starts it again with back-off, plans anew when a module came or went or
 * kernel probes were turned off or on, and keeps away while the agent costs too much.
 */
final class Sentinel implements AutoCloseable {

  private static final ProcFs HOST = new ProcFs(Path.of("/"));
  private static final Path VHOST_NET = Path.of("/sys/module/vhost_net");
  private static final Duration POLL = Duration.ofSeconds(1);

  /** While nothing has spun for a while; else a spin that goes on unseen would be called over. */
  private static final Duration CALM_POLL = Duration.ofSeconds(5);

  private static final Duration CALM = Duration.ofSeconds(10);

  /** Much more than one reading of how long the host has slept differs from the next by. */
  private static final Duration SLEPT = Duration.ofMillis(500);

  /** How often it is asked whether ftrace is on while that is why nothing is attached, and else. */
  private static final Duration ASKED_WITHOUT = Duration.ofSeconds(5);

  /** The same after a retry. */
  private static final Duration ASKED_SELDOM = Duration.ofSeconds(5);

  private static final Duration ASKED_IDLE = Duration.ofSeconds(60);

  /** While a worker spins, frames come each second; a spin without is soon called over. */
  private static final Duration SEEN = Duration.ofMillis(1500);

  /** The age of a word that speaks of now; without a spin there is one each second or two. */
  private static final Duration YOUNG = Duration.ofSeconds(3);

  private static final Duration START_POLL = Duration.ofMillis(100);
  private static final Duration STOP_GRACE = Duration.ofSeconds(3);

  /** Ticks get lost while a worker spins on the CPU that makes them; so many in a row do not. */
  private static final Duration SILENCE = Duration.ofSeconds(60);

  /**
   * What the script prints last, once a second, if not that all is calm. Whoever says neither is as
   * good as silent.
   */
  private static final String FRAME = "\"end ";

  private static final Duration STABLE = Duration.ofSeconds(60);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final ProbeKit.Options options;
  private final Spawner spawner;
  private final Mode mode;
  private final BooleanSupplier paused;
  private final Consumer<Incoming> inbox;
  private final Patience start = new Patience();
  private volatile boolean stop;

  /** Ends a wait of the thread: there may be something to do. */
  private final Semaphore nudge = new Semaphore(0);

  private final Thread thread = new Thread(this::run, "sentinel");
  private final AtomicLong spokeAt = new AtomicLong();
  private final AtomicLong spunAt = new AtomicLong();
  private final AtomicLong notableAt = new AtomicLong();
  private volatile @Nullable Resident resident;
  private volatile boolean wanted;
  private volatile boolean full;
  private volatile boolean blind;
  private Switch ftrace = Switch.UNKNOWN;
  private @Nullable Long askedAt;
  private @Nullable String planned;
  private boolean plannedIdle;
  private long plannedSlept;

  /** A bpftrace whose probes are attached, and what it runs. */
  record Resident(long pid, String script) {}

  /**
   * @param paused whether nothing may be attached now
   */
  Sentinel(
      ProbeKit.Options options,
      Mode mode,
      Spawner spawner,
      BooleanSupplier paused,
      Consumer<Incoming> inbox) {
    this.options = options;
    this.mode = mode;
    this.wanted = mode != Mode.ON_DEMAND;
    this.spawner = spawner;
    this.paused = paused;
    this.inbox = inbox;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Says whether the sentinel is to be attached, in on-demand mode. */
  void want(boolean now) {
    if (wanted != now) {
      wanted = now;
      nudge.release();
    }
  }

  /** Says that a worker spins that does more than to retry. */
  void spins() {
    notableAt.set(System.nanoTime());
  }

  /** Starts the sentinel anew, with empty maps: the old ones are full of queues that are gone. */
  void renew() {
    full = true;
    nudge.release();
  }

  /** Returns what is attached now, if anything is. */
  Optional<Resident> resident() {
    return Optional.ofNullable(resident);
  }

  @Override
  public void close() {
    stop = true;
    nudge.release();
    try {
      thread.join(STOP_GRACE.multipliedBy(2).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    Duration pause = POLL;
    long run = 0;
    @Nullable ProbeKit kit = null;
    try {
      while (!stopping(Duration.ZERO)) {
        if (paused.getAsBoolean()) {
          stopping(POLL);
          continue;
        }
        if (kit == null || changed()) {
          kit = prepare();
        }
        Optional<String> script = kit.plan().flatMap(plan -> plan.resident(mode));
        if (script.isEmpty() || kit.bpftrace().isEmpty()) {
          // Without the modules there is nothing to restart: wait for them, however long.
          pause = kit.vhostNetLoaded() ? Pause.longer(pause, LONGEST_PAUSE) : pause;
          waitForChange(pause);
          kit = null;
          continue;
        }
        if (!wanted) {
          stopping(POLL);
          continue;
        }
        if (held()) {
          // Whatever attaches now would wait in the kernel, where nothing ends it.
          kit = prepare();
          continue;
        }
        run++;
        long began = System.nanoTime();
        String trouble =
            attend(kit.bpftrace().get(), script.get(), kit.plan().get().indices(), run);
        inbox.accept(new Incoming.Detached(run, trouble));
        boolean stable = System.nanoTime() - began > STABLE.toNanos();
        if (!trouble.isEmpty()) {
          kit = null;
          pause = stable ? POLL : Pause.longer(pause, LONGEST_PAUSE);
          waitForChange(pause);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private ProbeKit prepare() throws InterruptedException {
    String state = kernelState();
    plannedSlept = HostClock.slept(HOST, System.nanoTime());
    ProbeKit kit = ProbeKit.prepare(options, spawner);
    ftrace = kit.facts().ftrace();
    askedAt = System.nanoTime();
    planned = ftrace == Switch.HELD ? null : ftrace + state;
    plannedIdle = !kit.vhostNetLoaded();
    inbox.accept(new Incoming.Kit(kit));
    // The kernel's types are by far the largest thing that the agent ever holds: give the room
    // back.
    System.gc();
    return kit;
  }

  private boolean stopping(Duration within) throws InterruptedException {
    if (!stop && nudge.tryAcquire(within.toNanos(), TimeUnit.NANOSECONDS)) {
      nudge.drainPermits();
    }
    return stop;
  }

  /** Waits for the pause to end, or for a module or a switch to change. */
  private void waitForChange(Duration pause) throws InterruptedException {
    long end = System.nanoTime() + pause.toNanos();
    boolean absent = !Files.exists(VHOST_NET);
    while ((absent || System.nanoTime() < end) && !changed()) {
      if (stopping(POLL)) {
        return;
      }
    }
  }

  /** Runs bpftrace until it ends or must; returns why, empty when it is to be planned anew. */
  private String attend(Bpftrace bpftrace, String script, boolean indices, long run)
      throws InterruptedException {
    long began = System.nanoTime();
    spokeAt.set(began);
    spunAt.set(began);
    full = false;
    blind = false;
    Consumer<String> lines =
        line -> {
          Incoming.Line said = new Incoming.Line(run, line);
          boolean frame = line.contains(FRAME);
          if (frame || said.calm()) {
            long now = System.nanoTime();
            spunAt.set(frame ? now : spunAt.get());
            spokeAt.set(now);
          }
          // Of a probe that does not run, calm says nothing.
          if (!blind) {
            inbox.accept(said);
          }
        };
    try (Child child = bpftrace.resident(script, lines)) {
      child.whenItEnds(nudge::release);
      boolean attached = false;
      while (true) {
        if (stopping(poll(attached))) {
          child.stop(STOP_GRACE);
          return "";
        }
        if (!child.alive()) {
          child.await(STOP_GRACE);
          return "the sentinel ended: " + child.complaint();
        }
        if ((!asked() || full || changed()) && !held()) {
          if (attached && ftrace == Switch.OFF) {
            keepBlind(child, run);
          }
          child.stop(STOP_GRACE);
          return "";
        }
        if (!attached && child.isReady()) {
          attached = true;
          start.took(Duration.ofNanos(System.nanoTime() - began));
          // Silence is counted from here: it may have taken longer than that to come up.
          spokeAt.set(System.nanoTime());
          resident = new Resident(child.pid(), script);
          inbox.accept(new Incoming.Attached(run, indices));
        }
        Duration limit = attached ? SILENCE : start.limit();
        boolean silent = System.nanoTime() - spokeAt.get() > limit.toNanos();
        if (silent && !(attached && held())) {
          if (!attached) {
            start.wasTooShort();
          }
          child.stop(STOP_GRACE);
          return "the sentinel said nothing that makes sense for "
              + limit.toSeconds()
              + " s and was ended";
        }
      }
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    } finally {
      resident = null;
    }
  }

  private boolean asked() {
    return wanted && !paused.getAsBoolean();
  }

  /**
   * Leaves the probe where it is while ftrace is off, though it does not run. Taken away meanwhile,
   * it leaves traces in the kernel (6.18.15) at which {@code ftrace_shutdown} then fails: there is
   * no ftrace any more, for nobody, until the host is booted.
   */
  private void keepBlind(Child child, long run) throws InterruptedException {
    blind = true;
    resident = null;
    boolean told = false;
    while (child.alive() && ftrace() != Switch.ON) {
      if (changed()) {
        prepare();
      }
      if (!told) {
        told = true;
        inbox.accept(new Incoming.Detached(run, ""));
      }
      if (stopping(POLL)) {
        return;
      }
    }
    // Even if all is as it was before: the last kit that was told is that of a blind host.
    planned = null;
  }

  /**
   * Returns whether the host is another than that which was planned for, or has slept since. Of a
   * host on which something holds ftrace's lock it is not known.
   */
  private boolean changed() throws InterruptedException {
    // It may have been planned for while the module was on its way in, which is not loaded yet.
    if ((plannedIdle && Files.exists(VHOST_NET))
        || Math.abs(HostClock.slept(HOST, System.nanoTime()) - plannedSlept) > SLEPT.toNanos()) {
      return true;
    }
    Switch now = ftrace();
    return now != Switch.HELD && !(now + kernelState()).equals(planned);
  }

  /** Returns whether whoever attaches or detaches a probe now has to wait, for as long as it is. */
  private boolean held() throws InterruptedException {
    ask(Duration.ZERO);
    return ftrace == Switch.HELD;
  }

  /**
   * Returns whether ftrace is on. While passes are seen it is. While nothing has spun for a while,
   * and the sentinel says so, its lock is free and a look at it is cheap; in between, and of a
   * sentinel that is silent, a child is asked, not often after a mere retry: on many hosts there is
   * one each ten seconds.
   */
  private Switch ftrace() throws InterruptedException {
    long now = System.nanoTime();
    if (resident == null) {
      boolean matters = wanted && !plannedIdle && ftrace != Switch.ON;
      ask(matters ? ASKED_WITHOUT : ASKED_IDLE);
    } else if (calm() && now - spokeAt.get() < YOUNG.toNanos() && ftrace != Switch.HELD) {
      ftrace = KernelFacts.ftrace(HOST);
      askedAt = now;
    } else if (now - spunAt.get() > SEEN.toNanos()) {
      boolean retry = spokeAt.get() > spunAt.get() && now - notableAt.get() > CALM.toNanos();
      ask(retry ? ASKED_SELDOM : POLL);
    }
    return ftrace;
  }

  /** Asks a child, unless that was done so lately: it costs more than to look. */
  private void ask(Duration lately) throws InterruptedException {
    Long before = askedAt;
    if (before == null || System.nanoTime() - before >= lately.toNanos()) {
      ftrace = FtraceSwitch.ask(spawner);
      askedAt = System.nanoTime();
    }
  }

  private boolean calm() {
    return System.nanoTime() - spunAt.get() > CALM.toNanos();
  }

  private Duration poll(boolean attached) {
    if (!attached) {
      return START_POLL;
    }
    return calm() ? CALM_POLL : POLL;
  }

  /**
   * Returns a text that changes when one of the modules comes, goes, or is loaded again, and when
   * kprobes are disarmed as a whole: bpftrace would not notice either.
   */
  private static String kernelState() {
    StringBuilder loaded = new StringBuilder(KernelFacts.switches(HOST));
    for (String module : KernelFacts.MODULES) {
      File folder = new File("/sys/module", module);
      try {
        // An exception for each module that is not there would cost more than all the rest.
        loaded.append(
            folder.exists() ? module + Files.getAttribute(folder.toPath(), "unix:ino") : "-");
      } catch (IOException e) {
        loaded.append('-');
      }
    }
    return loaded.toString();
  }
}
