package org.vhostwatch.daemon;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.log.Log;
import org.vhostwatch.metrics.SelfMetrics;
import org.vhostwatch.mitigate.Change;
import org.vhostwatch.mitigate.Mitigator;
import org.vhostwatch.mitigate.TapResult;
import org.vhostwatch.mitigate.Target;
import org.vhostwatch.state.StateDirectory;

/**
 * Turns offloads off by itself, where the operator allowed it: on taps that it has not handled yet,
 * on an affected kernel, some at a time. On a thread of its own, because the kernel may not answer.
 * A tap is handled once for each start of its guest's driver; what an operator took back stays.
 */
final class AutoMitigation implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(15);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

  private final Supplier<KernelExposure> kernel;
  private final Mitigator mitigator;
  private final MitigationBudget budget;
  private final SelfMetrics metrics;
  private final BlockingQueue<List<Target>> latest = new ArrayBlockingQueue<>(1);
  private final Thread thread = new Thread(this::run, "mitigation");
  private final MitigationTurns turns = new MitigationTurns();
  private String said = "";

  /**
   * @param state folder that keeps what was before
   * @param kernel what is known of the running kernel now
   */
  AutoMitigation(
      MitigationOptions options,
      StateDirectory state,
      Supplier<KernelExposure> kernel,
      SelfMetrics metrics) {
    this.kernel = kernel;
    this.metrics = metrics;
    this.mitigator = new Mitigator(state, LIMIT);
    this.budget = new MitigationBudget(options.cooldown(), options.perHour());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Tells what the last census found. Never blocks; what was told before and not seen is void. */
  void taps(List<Target> targets) {
    latest.poll();
    latest.offer(List.copyOf(targets));
  }

  /** From now on these limits count. Any thread may call it. */
  void change(MitigationOptions options) {
    budget.change(options.cooldown(), options.perHour());
  }

  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join(CLOSE_LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    List<Target> taps = List.of();
    try {
      while (true) {
        // Taps that had to wait for the cool-down have their turn without another census.
        List<Target> news = latest.poll(1, TimeUnit.SECONDS);
        if (news != null) {
          taps = news;
          turns.present(taps);
        }
        act(taps);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void act(List<Target> taps) throws InterruptedException {
    List<Target> batch = turns.next(taps, budget.allowed(System.nanoTime()));
    if (batch.isEmpty() || !affected()) {
      return;
    }
    try {
      List<TapResult> results = mitigator.apply(batch, false, Mitigator.By.DAEMON);
      for (int i = 0; i < batch.size(); i++) {
        say(results.get(i), turns.over(batch.get(i), results.get(i)));
      }
      int requested = (int) results.stream().filter(TapResult::requested).count();
      budget.used(requested, System.nanoTime());
      said = ""; // The same trouble after this is another one.
    } catch (IOException | RuntimeException e) {
      budget.used(0, System.nanoTime());
      metrics.mitigationFailed();
      once(String.valueOf(e.getMessage()), Log::mitigationFailed);
    }
  }

  /** Says and counts what was done. */
  private void say(TapResult result, boolean over) {
    Log.TapName tap = new Log.TapName(result.vm(), result.name(), result.ifindex(), result.netns());
    switch (result.outcome()) {
      case CHANGED -> {
        metrics.mitigated();
        Log.tapMitigated(
            tap, result.changes().stream().map(Change::feature).collect(Collectors.joining(", ")));
      }
      case FAILED -> {
        // Of those that had no turn there is nothing to say: the ones before them got no answer.
        if (result.tried()) {
          metrics.mitigationFailed();
          Log.tapNotMitigated(tap, result.message() + (over ? "; not tried again" : ""));
        }
      }
      case LEFT_ALONE -> Log.tapLeftAlone(tap, result.message());
      default -> {}
    }
  }

  private boolean affected() {
    KernelExposure now = kernel.get();
    if (now.status() != Exposure.AFFECTED && !now.equals(KernelExposure.NOT_RATED)) {
      once(
          now.status() == Exposure.FIXED
              ? "this kernel does not have the fault: " + now.reason()
              : "it is not known whether this kernel has the fault: "
                  + now.reason()
                  + "; `vhostwatch drill` tells",
          Log::mitigationWithheld);
    }
    return now.status() == Exposure.AFFECTED;
  }

  private void once(String words, Consumer<String> say) {
    if (!said.equals(words)) {
      say.accept(words);
      said = words;
    }
  }
}
