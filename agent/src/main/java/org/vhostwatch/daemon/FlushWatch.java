package org.vhostwatch.daemon;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.vhostwatch.host.OutsideReads;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.host.SurroundingsReader;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.snapshot.QueueStatus;

/**
 * Says which VMMs hang in the kernel because they wait for a vhost worker to end what it has been
 * given, as one does that cannot be stopped. Looks only at VMMs with a queue in trouble, and for
 * some minutes after: a VMM that stops takes its queue away first, and the verdict with it. A
 * thread of its own reads, which sleeps while there is no such VMM.
 */
final class FlushWatch implements AutoCloseable {

  private static final Duration PERIOD = Duration.ofSeconds(2);
  private static final Duration AFTERWARDS = Duration.ofMinutes(5);

  /** The part of the time that may be spent on looking: one of so many. */
  private static final int SHARE = 20;

  private final SurroundingsReader reader;

  /** The VMMs to look at, and until when (monotonic). */
  private final Map<Integer, Long> watched = new ConcurrentHashMap<>();

  private final Semaphore wanted = new Semaphore(0);
  private final Thread thread = new Thread(this::run, "vmms");
  private volatile Set<Integer> waiting = Set.of();

  /** Threads that waited at the last look, by process; owned by the thread. */
  private Map<Integer, Set<Integer>> before = Map.of();

  FlushWatch(SurroundingsReader reader) {
    this.reader = reader;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /**
   * Returns the processes of which a thread waited at two looks in a row: every stop of a VM waits
   * for some milliseconds. Never waits.
   */
  Set<Integer> waiting() {
    return waiting;
  }

  /**
   * Takes the present queues; never waits.
   *
   * @param busyShare share of a CPU from which on a worker is suspicious whose queue is UNKNOWN
   */
  void watch(List<QueueStatus> queues, double busyShare, long now) {
    for (QueueStatus queue : queues) {
      if (troubled(queue, busyShare)) {
        queue.vmm().map(Vmm::pid).ifPresent(pid -> watched.put(pid, now + AFTERWARDS.toNanos()));
      }
    }
    if (!watched.isEmpty() && wanted.availablePermits() == 0) {
      wanted.release();
    }
  }

  private static boolean troubled(QueueStatus queue, double busyShare) {
    return switch (queue.verdict().verdict()) {
      case LIVELOCKED, STALLED, SPINNING -> true;
      case UNKNOWN -> queue.verdict().cpuShare() >= busyShare;
      case HEALTHY, BUSY -> false;
    };
  }

  private void run() {
    try {
      while (true) {
        if (watched.isEmpty()) {
          wanted.acquire();
        }
        long began = System.nanoTime();
        look(began);
        long took = System.nanoTime() - began;
        TimeUnit.NANOSECONDS.sleep(Math.max(PERIOD.toNanos(), SHARE * took));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Looks once at all of them. */
  void look(long now) {
    watched
        .entrySet()
        .removeIf(entry -> now - entry.getValue() > 0 && !waiting.contains(entry.getKey()));
    Map<Integer, Set<Integer>> seen = new HashMap<>();
    for (int pid : List.copyOf(watched.keySet())) {
      OutsideReads.Answer<Surroundings.VmmState> answer = reader.vmm(pid);
      if (!answer.inTime()) {
        // What hangs even for its reader hangs on.
        seen.put(pid, before.getOrDefault(pid, Set.of()));
      } else if (answer.value().isEmpty()) {
        watched.remove(pid);
      } else {
        seen.put(pid, flushing(answer.value().get()));
      }
    }
    Set<Integer> lasting = new HashSet<>();
    seen.forEach(
        (pid, threads) -> {
          if (before.getOrDefault(pid, Set.of()).stream().anyMatch(threads::contains)) {
            lasting.add(pid);
          }
        });
    before = seen;
    waiting = Set.copyOf(lasting);
  }

  private static Set<Integer> flushing(Surroundings.VmmState vmm) {
    return vmm.waiting().stream()
        .filter(Surroundings.Waiting::inVhostFlush)
        .map(Surroundings.Waiting::tid)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
