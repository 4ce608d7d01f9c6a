package org.vhostwatch.daemon;

import java.time.Duration;
import java.util.HashMap;
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
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.snapshot.QueueStatus;

/**
 * Says which VMMs hang in the kernel because they wait for a vhost worker, as one does that cannot
 * be stopped. Looks only at VMMs with a queue in trouble, of a stall in its first minutes, and for
 * some minutes after; and for a moment at those of which a queue has lost its backend, or is gone:
 * a VMM that stops takes that away first, and waits then. A thread of its own reads, which sleeps
 * while there is no such VMM.
 */
final class FlushWatch implements AutoCloseable {

  private static final Duration PERIOD = Duration.ofSeconds(2);
  private static final Duration AFTERWARDS = Duration.ofMinutes(5);

  /** Time for two looks, and for a reader that is slow. */
  private static final Duration AFTER_A_STOP = Duration.ofSeconds(20);

  /** The part of the time that may be spent on looking: one of so many. */
  private static final int SHARE = 20;

  private final SurroundingsReader reader;

  /**
   * A VMM to look at.
   *
   * @param vm its VM's name
   * @param until monotonic
   */
  private record Watched(String vm, long until) {}

  private final Map<Integer, Watched> watched = new ConcurrentHashMap<>();

  /** The queues with a backend, by address, of the last census; owned by the caller. */
  private Set<Long> attached = Set.of();

  /** Those of them that were last given; owned by the caller. */
  private Map<Long, QueueStatus> served = Map.of();

  private final Semaphore wanted = new Semaphore(0);
  private final Thread thread = new Thread(this::run, "vmms");
  private volatile Map<Integer, String> waiting = Map.of();

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
   * Returns the names of the VMs of which a thread waited at two looks in a row, by process: every
   * stop of a VM waits for some milliseconds. Never waits.
   */
  Map<Integer, String> waiting() {
    return waiting;
  }

  /** Takes what a census has read; never waits. */
  void census(List<CensusQueue> queues) {
    attached =
        queues.stream()
            .filter(queue -> queue.backend() != CensusQueue.Backend.NONE)
            .map(CensusQueue::vq)
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Takes the present queues; never waits.
   *
   * @param busyShare share of a CPU from which on a worker is suspicious whose queue is UNKNOWN
   */
  void watch(List<QueueStatus> queues, double busyShare, long now) {
    Map<Long, QueueStatus> serving = new HashMap<>();
    for (QueueStatus queue : queues) {
      if (attached.contains(queue.verdict().vq())) {
        serving.put(queue.verdict().vq(), queue);
      }
      if (troubled(queue, busyShare) && !queue.verdict().longStalled(now)) {
        look(queue, now + AFTERWARDS.toNanos());
      }
    }
    served.forEach(
        (vq, queue) -> {
          if (!serving.containsKey(vq)) {
            look(queue, now + AFTER_A_STOP.toNanos());
          }
        });
    served = serving;
    if (!watched.isEmpty() && wanted.availablePermits() == 0) {
      wanted.release();
    }
  }

  private void look(QueueStatus queue, long until) {
    queue
        .vmm()
        .map(Vmm::pid)
        .ifPresent(
            pid ->
                watched.merge(
                    pid,
                    new Watched(queue.vm(), until),
                    (old, next) -> next.until() - old.until() > 0 ? next : old));
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
        .removeIf(
            entry ->
                now - entry.getValue().until() > 0
                    && before.getOrDefault(entry.getKey(), Set.of()).isEmpty());
    Map<Integer, Set<Integer>> seen = new HashMap<>();
    for (int pid : List.copyOf(watched.keySet())) {
      OutsideReads.Answer<Surroundings.VmmState> answer = reader.vmm(pid);
      if (!answer.inTime()) {
        // What hangs even for its reader hangs on.
        seen.put(pid, before.getOrDefault(pid, Set.of()));
      } else if (answer.value().isEmpty()) {
        watched.remove(pid);
      } else {
        seen.put(pid, waiting(answer.value().get()));
      }
    }
    Map<Integer, String> lasting = new HashMap<>();
    seen.forEach(
        (pid, threads) -> {
          Watched vmm = watched.get(pid);
          if (vmm != null
              && before.getOrDefault(pid, Set.of()).stream().anyMatch(threads::contains)) {
            lasting.put(pid, vmm.vm());
          }
        });
    before = seen;
    waiting = Map.copyOf(lasting);
  }

  private static Set<Integer> waiting(Surroundings.VmmState vmm) {
    return vmm.waiting().stream()
        .filter(Surroundings.Waiting::forVhost)
        .map(Surroundings.Waiting::tid)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
