package org.vhostwatch.drill;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.drill.DrillReport.Counts;
import org.vhostwatch.drill.RxRing.Harvest;
import org.vhostwatch.libc.NativeMemory;

/**
 * Runs one drill from the creation of the tap to its end.
 *
 * <p>A starving drill posts too few buffers, sends one frame, and looks at used index and CPU time
 * of the worker for as long as it starves. Then it refills and waits for the frame: only when it
 * arrives had it been waiting. The other behaviours serve the ring under traffic from start to end.
 */
public final class Drill {
  /** The device file of vhost_net: some hosts have it before the module is loaded. */
  public static final Path VHOST_NET = Path.of("/dev/vhost-net");

  /** Time for the frames that others send to each new interface, before the buffers are counted. */
  private static final Duration SETTLE = Duration.ofMillis(500);

  /** Time for the worker to find the frame: the used index must stand still from here on. */
  private static final Duration ONSET = Duration.ofMillis(100);

  /** How long the frame may take after the refill, under emulation too. */
  private static final Duration ARRIVAL = Duration.ofSeconds(5);

  /** How often to look whether the worker is runnable: few, as a sleeping one wakes up at times. */
  private static final int STATE_LOOKS = 20;

  private static final Duration SLOW_PERIOD = Duration.ofMillis(20);
  private static final Duration SLOW_TRAFFIC_PAUSE = Duration.ofMillis(20);
  private static final List<Integer> MIXED_FRAMES = List.of(90, 1514, 9014);
  private static final int CALL_TIMEOUT_MILLIS = 10;

  private final DrillOptions options;
  private final Path vhostNet;
  private final StopSignal stop;
  private final Consumer<String> log;
  private long sent;
  private long refused;
  private long received;

  /**
   * Prepares a drill; nothing is created yet.
   *
   * @param options what to do
   * @param vhostNet the device file of vhost_net
   * @param stop ends it early
   * @param log takes lines of progress
   */
  public Drill(DrillOptions options, Path vhostNet, StopSignal stop, Consumer<String> log) {
    this.options = options;
    this.vhostNet = vhostNet;
    this.stop = stop;
    this.log = log;
  }

  /**
   * Has vhost_net loaded, which opening its device file does, and says so: so {@link #run} is about
   * the modules that were there before it.
   *
   * @param loaded whether vhost_net is loaded
   * @throws DrillException if it cannot run here or with these options
   */
  public void prepare(BooleanSupplier loaded) throws IOException {
    String name = options.tap();
    if (name != null) {
      Tap.requireFree(name);
    }
    boolean before = loaded.getAsBoolean();
    VhostDevice.open(vhostNet).close();
    if (!before && loaded.getAsBoolean()) {
      log.accept("vhost_net was loaded for this, with the modules it needs: they stay loaded");
    }
  }

  /**
   * Runs it; returns after all that it created is gone.
   *
   * @throws DrillException if it cannot run here or with these options
   * @throws IOException if a call fails on the way; everything is closed all the same
   */
  public DrillReport run() throws IOException {
    String tap;
    int index;
    Measurement measurement;
    try (Stage stage = Stage.open(options, vhostNet, log)) {
      tap = stage.tap().name();
      index = stage.tap().index();
      measurement = options.behaviour().starves() ? starve(stage) : serve(stage);
    }
    log.accept("closed: tap %s is gone".formatted(tap));
    return DrillReport.of(options, tap, index, measurement, new Counts(sent, refused, received));
  }

  private Measurement starve(Stage stage) throws IOException {
    settle(stage);
    if (stop.stopped()) {
      throw DrillException.cannotRun("interrupted before the onset", null);
    }
    NativeMemory frame = NativeMemory.copyOf(TcpFrame.build(options.frameBytes()));
    Moment send = stage.look();
    if (!stage.socket().send(frame, (int) frame.size())) {
      throw new IOException("the queue of " + stage.tap().name() + " has no room for one frame");
    }
    sent++;
    log.accept(
        "onset: %d buffers of %d bytes posted, a frame of %d bytes sent that needs %d"
            .formatted(
                options.buffers(),
                options.bufferBytes(),
                options.frameBytes(),
                options.buffersPerFrame()));
    if (options.behaviour() == Behaviour.STARVED) {
      log.accept("a sleeping worker is expected: receiving stalls until the refill");
    }
    long begin = send.monotonicNanos();
    stop.await(ONSET);
    // Frames of others that came before ours have moved the index by now; later ones wait behind
    // it.
    Moment onset = send.withUsedIndex(stage.ring().usedIndex());
    int runnable = awaitRefill(stage, begin + options.refillAfter().toNanos());
    Moment end = stage.look();
    boolean interrupted = stop.stopped();
    Duration recovery = recover(stage);
    Measurement measurement =
        new Measurement(
            stage.workers().tids(), onset, end, runnable, recovery != null, recovery, interrupted);
    if (recovery != null) {
      boolean spun = Judge.judge(options, measurement).result() == DrillResult.SPUN;
      log.accept(
          "recovered: %s %d ms after the refill"
              .formatted(spun ? "the spin ended" : "the frame arrived", recovery.toMillis()));
    }
    serveUntil(stage, begin + options.duration().toNanos());
    return measurement;
  }

  /** Lets it starve; returns how often the worker was runnable, the last look being at the end. */
  private int awaitRefill(Stage stage, long endNanos) throws IOException {
    long begin = System.nanoTime();
    int runnable = 0;
    boolean stopped = false;
    for (int look = 1; look <= STATE_LOOKS && !stopped; look++) {
      long next = begin + (endNanos - begin) / STATE_LOOKS * look;
      stopped = stop.await(Duration.ofNanos(next - System.nanoTime()));
      if (stage.workers().runnable()) {
        runnable++;
      }
    }
    return runnable;
  }

  /** Waits out the frames of others, and posts again what they took. */
  private void settle(Stage stage) throws IOException {
    stage.post(options.buffers());
    stop.await(SETTLE);
    Harvest strangers = harvest(stage);
    if (strangers.packets() > 0) {
      log.accept("%d frames of others came first".formatted(strangers.packets()));
      stage.post(strangers.buffers());
    }
  }

  /** Refills and waits for the frame; returns how long it took, null if it did not come. */
  private @Nullable Duration recover(Stage stage) throws IOException {
    long refill = System.nanoTime();
    stage.refill();
    log.accept("refilled: %d buffers posted".formatted(stage.ring().outstanding()));
    while (System.nanoTime() - refill < ARRIVAL.toNanos()) {
      if (harvest(stage).largest() >= options.buffersPerFrame()) {
        return Duration.ofNanos(System.nanoTime() - refill);
      }
      stage.awaitCall(1);
    }
    log.accept("the frame did not arrive within %d s".formatted(ARRIVAL.toSeconds()));
    return null;
  }

  private Measurement serve(Stage stage) throws IOException {
    boolean slow = options.behaviour() == Behaviour.SLOW;
    stage.post(options.buffers());
    List<Integer> frames =
        slow
            ? Stream.concat(MIXED_FRAMES.stream(), Stream.of(options.frameBytes())).toList()
            : List.of(options.frameBytes());
    Moment onset = stage.look();
    long end = onset.monotonicNanos() + options.duration().toNanos();
    log.accept("traffic starts: frames of %s bytes".formatted(frames));
    Moment last;
    try (Traffic traffic =
        Traffic.start(stage.socket(), frames, slow ? SLOW_TRAFFIC_PAUSE : Duration.ZERO)) {
      if (slow) {
        addOneByOne(stage, end, traffic);
      } else {
        serveUntil(stage, end);
      }
      traffic.check();
      last = stage.look();
      sent = traffic.sent();
      refused = traffic.refused();
    }
    double seconds = (last.monotonicNanos() - onset.monotonicNanos()) / 1e9;
    log.accept(
        String.format(
            Locale.ROOT, "%d packets received, %.0f a second", received, received / seconds));
    return new Measurement(
        stage.workers().tids(), onset, last, 0, received > 0, null, stop.stopped());
  }

  private void addOneByOne(Stage stage, long endNanos, Traffic traffic) throws IOException {
    while (System.nanoTime() < endNanos && !stop.await(SLOW_PERIOD)) {
      harvest(stage);
      stage.post(1);
      traffic.check();
    }
  }

  /** Gives each buffer back as soon as it is used. */
  private void serveUntil(Stage stage, long endNanos) throws IOException {
    while (System.nanoTime() < endNanos && !stop.stopped()) {
      stage.awaitCall(CALL_TIMEOUT_MILLIS);
      Harvest harvest = harvest(stage);
      if (harvest.buffers() > 0) {
        stage.post(harvest.buffers());
      }
    }
  }

  private Harvest harvest(Stage stage) throws IOException {
    Harvest harvest = stage.ring().harvest();
    received += harvest.packets();
    return harvest;
  }
}
