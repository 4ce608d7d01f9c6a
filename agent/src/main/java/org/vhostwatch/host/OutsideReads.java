package org.vhostwatch.host;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Reads of the outside that may block for as long as somebody else pleases: a command line is held
 * by a process that hangs, the description of a tap's file by whoever has the lock of all network
 * devices. Each runs on a daemon thread, and is waited for only so long. What did not answer in
 * time is let run, and not started again before it ended: its thread is all that it costs.
 *
 * <p>However many of them hang, the waits are bounded: each costs its patience once, all of them
 * together no more than the budget, which comes back slowly, and {@value #LEAST_MILLIS} ms each;
 * and there are never more than {@code most} at a time.
 *
 * <p>May be used by several threads at once.
 */
public final class OutsideReads {

  /** What a read that is no trouble takes many times over; waited for without a budget too. */
  private static final int LEAST_MILLIS = 20;

  /** The part of the time that may be spent on waiting in the long run: one of so many. */
  private static final int BUDGET_SHARE = 20;

  private static final int STACK_BYTES = 256 << 10;

  private record Running(FutureTask<?> task, long since) {}

  private final long patienceNanos;
  private final Semaphore free;
  private final int most;
  private final Map<Object, Running> running = new ConcurrentHashMap<>();
  private final ExecutorService threads;

  /** Time left for waiting, as of {@link #budgetAt}; both guarded by this. */
  private long budget;

  private long budgetAt = System.nanoTime();

  /**
   * What a read gave.
   *
   * @param value what was read; empty if there is nothing, or if there is trouble
   * @param trouble why there is no answer, empty if there is one
   */
  public record Answer<T>(Optional<T> value, String trouble) {

    /** Returns whether the read ended in time, with a value or without. */
    public boolean inTime() {
      return trouble.isEmpty();
    }
  }

  /**
   * @param name of the threads
   * @param patienceMillis how long one read is waited for; also the budget for all together
   * @param most how many may run or hang at the same time
   */
  public OutsideReads(String name, int patienceMillis, int most) {
    if (patienceMillis <= 0 || most <= 0) {
      throw new IllegalArgumentException(
          "patience " + patienceMillis + " ms, at most " + most + ": both must be above 0");
    }
    this.patienceNanos = TimeUnit.MILLISECONDS.toNanos(patienceMillis);
    this.budget = patienceNanos;
    this.most = most;
    this.free = new Semaphore(most);
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(null, task, name, STACK_BYTES);
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Reads, and returns the answer, or why there is none in time.
   *
   * @param key what is read; while an earlier read under an equal key has not ended, none is
   *     started
   * @param read runs on another thread, and may still run after this returned: what it should leave
   *     even then it has to leave itself
   */
  public <T> Answer<T> ask(Object key, Supplier<Optional<T>> read) {
    Running before = running.get(key);
    if (before != null) {
      return none(
          "has not answered for " + (System.nanoTime() - before.since()) / 1_000_000 + " ms");
    }
    if (!free.tryAcquire()) {
      return none("not read: " + most + " other reads hang");
    }
    FutureTask<Optional<T>> task =
        new FutureTask<>(
            () -> {
              try {
                return read.get();
              } finally {
                // Before whoever waits goes on, who may ask again at once.
                running.remove(key);
                free.release();
              }
            });
    if (running.putIfAbsent(key, new Running(task, System.nanoTime())) != null) {
      free.release();
      return none("is being read already");
    }
    try {
      threads.execute(task);
    } catch (OutOfMemoryError e) {
      // Of threads: whoever asks, the loop among them, goes on without the answer.
      running.remove(key);
      free.release();
      return none("not read: no thread can be started");
    }
    return wait(task);
  }

  private <T> Answer<T> wait(FutureTask<Optional<T>> task) {
    long began = System.nanoTime();
    long time = Math.max(TimeUnit.MILLISECONDS.toNanos(LEAST_MILLIS), budget(began));
    try {
      return new Answer<>(task.get(time, TimeUnit.NANOSECONDS), "");
    } catch (TimeoutException e) {
      return none("did not answer within " + TimeUnit.NANOSECONDS.toMillis(time) + " ms");
    } catch (ExecutionException e) {
      return none("failed: " + e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return none("interrupted");
    } finally {
      spend(System.nanoTime() - began);
    }
  }

  private synchronized long budget(long now) {
    budget = Math.min(patienceNanos, budget + (now - budgetAt) / BUDGET_SHARE);
    budgetAt = now;
    return budget;
  }

  private synchronized void spend(long nanos) {
    budget = Math.max(0, budget - nanos);
  }

  private static <T> Answer<T> none(String trouble) {
    return new Answer<>(Optional.empty(), trouble);
  }
}
