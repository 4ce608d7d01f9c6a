package org.vhostwatch.daemon;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.vhostwatch.report.Printable;

/** Keeps the last log lines in memory, so that an incident can have those that belong to it. */
public final class LogRing extends AppenderBase<ILoggingEvent> {

  /** Name of the entry that says which queue a line is about. */
  private static final String QUEUE = "vq";

  private static final int KEPT = 512;

  /** Longer than any line of this program: a name that is cut could not be redacted. */
  private static final int MAX_CHARS = 4000;

  /**
   * A line.
   *
   * @param number counts all lines
   * @param queue the queue that it is about, empty if it is about none
   */
  record Line(long number, long wallMillis, String queue, String text) {}

  private final Deque<Line> lines = new ArrayDeque<>();
  private long number;

  private LogRing() {}

  /** Starts to keep what is logged. */
  public static LogRing attach() {
    LogRing ring = new LogRing();
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      ring.setContext(context);
      ring.start();
      context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(ring);
    }
    return ring;
  }

  /** Marks what is logged by {@code say} as about one queue. */
  static void about(long vq, Runnable say) {
    MDC.put(QUEUE, Long.toHexString(vq));
    try {
      say.run();
    } finally {
      MDC.remove(QUEUE);
    }
  }

  @Override
  protected synchronized void append(ILoggingEvent event) {
    String message = String.valueOf(event.getFormattedMessage());
    String text =
        Instant.ofEpochMilli(event.getTimeStamp())
            + " "
            + event.getLevel()
            + " "
            + Printable.line(message.length() > MAX_CHARS ? cut(message) : message);
    lines.addLast(
        new Line(
            ++number,
            event.getTimeStamp(),
            event.getMDCPropertyMap().getOrDefault(QUEUE, ""),
            text));
    if (lines.size() > KEPT) {
      lines.removeFirst();
    }
  }

  private static String cut(String message) {
    return message.substring(0, MAX_CHARS) + "...";
  }

  /**
   * Returns the lines about a queue, and those about none.
   *
   * @param after only lines with a higher number
   * @param from only lines of this time and later, milliseconds since 1970
   */
  synchronized List<Line> lines(long vq, long after, long from) {
    String queue = Long.toHexString(vq);
    return lines.stream()
        .filter(line -> line.number() > after && line.wallMillis() >= from)
        .filter(line -> line.queue().isEmpty() || line.queue().equals(queue))
        .toList();
  }
}
