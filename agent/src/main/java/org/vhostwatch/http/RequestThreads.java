package org.vhostwatch.http;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that serve clients, and what clients may hold of the agent: a thread while they send
 * a request, a thread and a place while an answer is made and sent. Nobody is hurried while there
 * is enough for all. When others wait, the client that has kept a thread or a place for the longest
 * while it sends or reads is cut off, once it had its time: however many clients dawdle, one that
 * does not is served.
 *
 * <p>A client is cut off by an interrupt of its thread, which closes the channel that the thread
 * waits for.
 */
final class RequestThreads implements Executor, AutoCloseable {

  /**
   * What clients may hold.
   *
   * @param threads requests that are read or answered at the same time
   * @param answers of those, answers that are in memory at the same time
   * @param patience how long a request waits for its place among the answers
   * @param grace how long a client may dawdle while others wait
   */
  record Limits(int threads, int answers, Duration patience, Duration grace) {

    /**
     * Few answers: each is megabytes on a host with thousands of queues. Prometheus waits for ten
     * seconds by itself.
     */
    static final Limits DEFAULT = new Limits(32, 4, Duration.ofSeconds(9), Duration.ofMillis(500));
  }

  /**
   * Longer than from one measurement of the own cost to the next, which tells these threads apart.
   */
  private static final int KEEP_SECONDS = 15;

  /**
   * A client that is waited for.
   *
   * @param since from when on, of the agent's clock
   * @param reads whether it has got a place and reads its answer
   */
  private record Dawdler(long since, boolean reads) {}

  private final Limits limits;

  /**
   * Those that have no thread yet. Bounded by the number of connections: each has one at a time.
   */
  private final BlockingQueue<Runnable> requests = new LinkedBlockingQueue<>();

  private final ThreadPoolExecutor pool;
  private final Semaphore places;
  private final Thread usher = new Thread(this::usher, "http-usher");

  /** Serves alone where no thread can be started: a host like that is asked how it is. */
  private final Thread steward = new Thread(this::steward, "http-steward");

  /** By the thread that waits for it; who has come first is first. Guarded by this. */
  private final Map<Thread, Dawdler> dawdlers = new LinkedHashMap<>();

  private boolean closed;

  RequestThreads(Limits limits) {
    this.limits = limits;
    this.places = new Semaphore(limits.answers(), true);
    AtomicInteger number = new AtomicInteger();
    this.pool =
        new ThreadPoolExecutor(
            limits.threads(),
            limits.threads(),
            KEEP_SECONDS,
            TimeUnit.SECONDS,
            requests,
            task -> daemon(new Thread(task, "http-" + number.incrementAndGet()))) {
          @Override
          protected void beforeExecute(Thread thread, Runnable task) {
            waitsForClient(false);
          }

          @Override
          protected void afterExecute(Runnable task, Throwable failure) {
            works();
          }
        };
    pool.allowCoreThreadTimeOut(true);
    daemon(usher).start();
    daemon(steward).start();
  }

  private static Thread daemon(Thread thread) {
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void execute(Runnable task) {
    try {
      pool.execute(task);
    } catch (OutOfMemoryError e) {
      // This is how Java says that the system has no thread to give.
      requests.add(task);
    }
    somebodyWaits();
  }

  /** Says that this thread now waits for its client. */
  private synchronized void waitsForClient(boolean reads) {
    dawdlers.put(Thread.currentThread(), new Dawdler(System.nanoTime(), reads));
    notifyAll();
  }

  /** Says that this thread now works, and is not to be interrupted. */
  synchronized void works() {
    dawdlers.remove(Thread.currentThread());
  }

  /** Takes a place for an answer; returns whether there was one in time. */
  boolean enter() throws InterruptedException {
    if (places.tryAcquire()) {
      return true;
    }
    somebodyWaits();
    return places.tryAcquire(limits.patience().toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Says that the client now reads its answer. */
  void sends() {
    waitsForClient(true);
  }

  /** Gives the place back. */
  void leave() {
    works();
    places.release();
  }

  private synchronized void somebodyWaits() {
    notifyAll();
  }

  private void steward() {
    while (!pool.isShutdown()) {
      try {
        Runnable task = requests.take();
        waitsForClient(false);
        try {
          task.run();
        } finally {
          works();
        }
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      } catch (InterruptedException e) {
        // Its client was cut off, as it has noticed; or all ends.
      }
    }
  }

  private synchronized void usher() {
    try {
      while (!closed) {
        boolean threadsShort = !requests.isEmpty();
        long left =
            threadsShort || places.hasQueuedThreads() ? hurry(!threadsShort) : Long.MAX_VALUE;
        if (left == Long.MAX_VALUE) {
          // Without a limit unless somebody is in the act of getting in line.
          wait(dawdlers.size() >= limits.answers() ? limits.grace().toMillis() : 0);
        } else if (left > 0) {
          TimeUnit.NANOSECONDS.timedWait(this, left);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Cuts off the client that has been waited for the longest.
   *
   * @param readers whether only places are short, not threads
   * @return after which time to try that again, nanoseconds
   */
  private long hurry(boolean readers) {
    for (Map.Entry<Thread, Dawdler> entry : dawdlers.entrySet()) {
      if (readers && !entry.getValue().reads()) {
        continue;
      }
      long left = entry.getValue().since() + limits.grace().toNanos() - System.nanoTime();
      if (left <= 0) {
        entry.getKey().interrupt();
        dawdlers.remove(entry.getKey());
        return 0;
      }
      return left;
    }
    return Long.MAX_VALUE;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    pool.shutdownNow();
    steward.interrupt();
  }
}
