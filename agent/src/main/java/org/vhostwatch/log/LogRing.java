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
   * @param wallMillis when it was said, milliseconds since 1970, and no earlier than the line
   *     before: a clock that is set back must not put it before an incident that it belongs to
   * @param vq address of the queue that it is about, 0 if it is about none
   * @param vm that it names, empty if it names none
   * @param tap that it names, empty if it names none
   */
  public record Line(long number, long wallMillis, long vq, String vm, String tap, String text) {}

  private final Deque<Line> lines = new ArrayDeque<>();
  private long number;
  private long latest = Long.MIN_VALUE;

  LogRing() {}

  /** Starts to keep what is logged, but for debugging; what was attached before gets no more. */
  public static LogRing attach() {
    LogRing ring = new LogRing();
    Logging.output().keepIn(ring);
    return ring;
  }

  synchronized void add(Entry entry) {
    latest = Math.max(latest, entry.wallMillis());
    lines.addLast(
        new Line(
            ++number,
            latest,
            entry.vq(),
            name(entry, Field.VM),
            name(entry, Field.TAP),
            LineFormat.TEXT.line(entry)));
    if (lines.size() > KEPT) {
      lines.removeFirst();
    }
  }

  private static String name(Entry entry, Field field) {
    return entry.values().get(field) instanceof String name ? name : "";
  }

  /**
   * Returns the lines about a queue, those about its VM or its tap, and those about nobody. A line
   * that names another VM is its customer's business.
   *
   * @param vm of the queue, empty if not known
   * @param tap of the queue, empty if not known
   * @param after only lines with a higher number
   * @param from only lines of this time and later, milliseconds since 1970
   */
  public synchronized List<Line> lines(long vq, String vm, String tap, long after, long from) {
    return lines.stream()
        .filter(line -> line.number() > after && line.wallMillis() >= from)
        .filter(line -> concerns(line, vq, vm, tap))
        .toList();
  }

  private static boolean concerns(Line line, long vq, String vm, String tap) {
    if (line.vq() != 0) {
      return line.vq() == vq;
    }
    // Taps of two VMs have the same name in two network namespaces.
    return line.vm().isEmpty()
        ? line.tap().isEmpty() || line.tap().equals(tap)
        : line.vm().equals(vm);
  }
}
