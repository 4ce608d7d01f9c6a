package org.vhostwatch.daemon;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What waits for the loop. Nobody who hands something in ever waits: a reader that did would stop
 * draining bpftrace. A flood of lines is cut, by number and by size, or it would fill the heap;
 * what the threads themselves have to say always gets through. That all is calm wakes nobody: the
 * last such line is there when the loop wakes up for another reason.
 */
final class Inbox {

  /** More than bpftrace prints in a minute for 2,000 spinning queues. */
  static final int MAX_LINES = 4096;

  /** As for so many; a single line has at most a million. */
  private static final long MAX_CHARACTERS = 4 << 20;

  private final BlockingQueue<Incoming> queue = new LinkedBlockingQueue<>();
  private final AtomicLong characters = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private Incoming.@Nullable Line calm;

  /** Takes a message; of lines, only if there is room. */
  synchronized void add(Incoming message) {
    if (message instanceof Incoming.Line line) {
      if (line.calm()) {
        calm = line;
        return;
      }
      if (queue.size() >= MAX_LINES || characters.get() + line.text().length() > MAX_CHARACTERS) {
        dropped.incrementAndGet();
        return;
      }
      characters.addAndGet(line.text().length());
    }
    if (calm != null) {
      queue.add(calm);
      calm = null;
    }
    queue.add(message);
  }

  /** Returns the next message, null if none came in time. */
  @Nullable Incoming poll(long nanos) throws InterruptedException {
    Incoming message = nanos > 0 ? queue.poll(nanos, TimeUnit.NANOSECONDS) : queue.poll();
    return message != null ? taken(message) : lastCalm();
  }

  private synchronized @Nullable Incoming lastCalm() {
    Incoming message = queue.poll();
    if (message != null) {
      return taken(message);
    }
    message = calm;
    calm = null;
    return message;
  }

  private Incoming taken(Incoming message) {
    if (message instanceof Incoming.Line line && !line.calm()) {
      characters.addAndGet(-line.text().length());
    }
    return message;
  }

  /** Returns how many wait. */
  int size() {
    return queue.size();
  }

  /** Returns how many lines were dropped so far. */
  long dropped() {
    return dropped.get();
  }
}
