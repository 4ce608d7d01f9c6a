package org.vhostwatch.log;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Keeps the last log lines in memory, so that an incident can have those that belong to it. */
public final class LogRing {

  private static final int KEPT = 512;

  /**
   * A line.
   *
   * @param number counts all lines
   * @param vq address of the queue that it is about, 0 if it is about none
   */
  public record Line(long number, long wallMillis, long vq, String text) {}

  private final Deque<Line> lines = new ArrayDeque<>();
  private long number;

  LogRing() {}

  /** Starts to keep what is logged, but for debugging; what was attached before gets no more. */
  public static LogRing attach() {
    LogRing ring = new LogRing();
    Logging.output().keepIn(ring);
    return ring;
  }

  synchronized void add(Entry entry) {
    lines.addLast(new Line(++number, entry.wallMillis(), entry.vq(), LineFormat.TEXT.line(entry)));
    if (lines.size() > KEPT) {
      lines.removeFirst();
    }
  }

  /**
   * Returns the lines about a queue, and those about none.
   *
   * @param after only lines with a higher number
   * @param from only lines of this time and later, milliseconds since 1970
   */
  public synchronized List<Line> lines(long vq, long after, long from) {
    return lines.stream()
        .filter(line -> line.number() > after && line.wallMillis() >= from)
        .filter(line -> line.vq() == 0 || line.vq() == vq)
        .toList();
  }
}
