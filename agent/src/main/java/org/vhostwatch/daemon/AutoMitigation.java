package org.vhostwatch.daemon;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * A tap is handled once: what an operator does with it after that stays.
 */
final class AutoMitigation implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(15);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

  private static final int MAX_TRIES = 3;

  private final Supplier<KernelExposure> kernel;
  private final Mitigator mitigator;
  private final MitigationBudget budget;
  private final SelfMetrics metrics;
  private final BlockingQueue<List<Target>> latest = new ArrayBlockingQueue<>(1);
  private final Thread thread = new Thread(this::run, "mitigation");
  private final Set<Key> handled = new HashSet<>();
  private final Map<Key, Integer> failures = new HashMap<>();
  private String said = "";

  /** What a census knows a tap by. */
  private record Key(long netns, int ifindex, String name) {
    static Key of(Target target) {
      return new Key(target.netns(), target.ifindex(), target.name());
    }
  }

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
          forgetAllBut(taps);
        }
        act(taps);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void forgetAllBut(List<Target> taps) {
    Set<Key> present = taps.stream().map(Key::of).collect(Collectors.toSet());
    handled.retainAll(present);
    failures.keySet().retainAll(present);
  }

  private void act(List<Target> taps) throws InterruptedException {
    List<Target> due = new ArrayList<>();
    for (Target target : taps) {
      if (!handled.contains(Key.of(target)) && target.mergeable() && !target.macvtap()) {
        due.add(target);
      }
    }
    int allowed = budget.allowed(System.nanoTime());
    if (due.isEmpty() || allowed <= 0 || !affected()) {
      return;
    }
    List<Target> batch = due.subList(0, Math.min(allowed, due.size()));
    try {
      List<TapResult> results = mitigator.apply(batch, false, Mitigator.By.DAEMON);
      int counted = 0;
      for (int i = 0; i < batch.size(); i++) {
        counted += took(Key.of(batch.get(i)), results.get(i)) ? 1 : 0;
      }
      budget.used(counted, System.nanoTime());
    } catch (IOException e) {
      budget.used(0, System.nanoTime());
      metrics.mitigationFailed();
      once(String.valueOf(e.getMessage()), Log::mitigationFailed);
    }
  }

  /** Says what was done; returns whether it counts for the limit. */
  private boolean took(Key key, TapResult result) {
    Log.TapName tap = new Log.TapName(result.vm(), result.name(), result.ifindex(), result.netns());
    switch (result.outcome()) {
      case CHANGED -> {
        handled.add(key);
        metrics.mitigated();
        Log.tapMitigated(
            tap, result.changes().stream().map(Change::feature).collect(Collectors.joining(", ")));
        return true;
      }
      case FAILED -> {
        metrics.mitigationFailed();
        int tries = failures.merge(key, 1, Integer::sum);
        if (tries >= MAX_TRIES) {
          handled.add(key);
        }
        Log.tapNotMitigated(
            tap, result.message() + (tries >= MAX_TRIES ? "; not tried again" : ""));
        return true;
      }
      case LEFT_ALONE -> {
        handled.add(key);
        Log.tapLeftAlone(tap, result.message());
        return false;
      }
      default -> {
        handled.add(key);
        return false;
      }
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
