package org.vhostwatch.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where all that is logged arrives: folds it, keeps it for incidents, and has it written. Nobody
 * who logs waits for stderr.
 */
final class Output extends AppenderBase<ILoggingEvent> {

  /** What an incident is told by, whatever is written. */
  private static final Priority KEPT = Priority.INFO;

  private static final long PATIENCE_SECONDS = 1;

  private final LineWriter writer;
  private final LongSupplier clock;
  private final Fold fold = new Fold();
  private final ReentrantLock lock = new ReentrantLock();

  /** The writer asks for it, without the lock. */
  private volatile LineFormat format;

  private Priority least = Priority.INFO;
  private @Nullable LogRing ring;

  /**
   * @param clock monotonic nanoseconds
   */
  Output(OutputStream stream, LineFormat format, LongSupplier clock) {
    this.format = format;
    this.clock = clock;
    this.writer =
        new LineWriter(
            stream,
            this::lost,
            // There is nobody left to tell: stderr is closed, or its disk is full. Watching goes
            // on.
            failure -> addError("a line was lost", failure));
  }

  private String lost(long lines) {
    Entry entry =
        Entry.of(Event.LINES_LOST, Map.of(Field.COUNT, lines), 0, System.currentTimeMillis());
    return format.line(entry) + '\n';
  }

  void change(LineFormat to, Priority level) {
    alone(
        () -> {
          format = to;
          least = level;
        });
  }

  void keepIn(LogRing kept) {
    alone(() -> ring = kept);
  }

  /** Writes what has waited long enough at {@code now}; the next time, if somebody writes now. */
  void due(long now) {
    if (lock.tryLock()) {
      try {
        write(fold.due(now));
      } finally {
        lock.unlock();
      }
    }
  }

  /** Writes all that waits, unless stderr takes nothing: an end must not wait for its reader. */
  void rest() {
    try {
      if (lock.tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        try {
          write(fold.rest(clock.getAsLong()));
        } finally {
          lock.unlock();
        }
        flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for what was logged to be written, for a moment at most. */
  void flush() {
    try {
      writer.flush(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  protected void append(ILoggingEvent event) {
    Entry entry = entry(event);
    alone(
        () -> {
          Priority priority = entry.event().priority();
          if (priority.reaches(least) || priority.reaches(KEPT)) {
            write(fold.take(entry, clock.getAsLong()));
          }
        });
  }

  private void alone(Runnable work) {
    lock.lock();
    try {
      work.run();
    } finally {
      lock.unlock();
    }
  }

  private void write(List<Entry> entries) {
    for (Entry entry : entries) {
      if (ring != null && entry.event().priority().reaches(KEPT)) {
        ring.add(entry);
      }
      if (entry.event().priority().reaches(least)) {
        writer.add(format.line(entry) + '\n');
      }
    }
  }

  private static Entry entry(ILoggingEvent event) {
    Object[] arguments = event.getArgumentArray();
    return arguments != null && arguments.length == 1 && arguments[0] instanceof Entry ours
        ? ours
        : ofLibrary(event);
  }

  private static Entry ofLibrary(ILoggingEvent event) {
    Event what =
        event.getLevel().isGreaterOrEqual(Level.ERROR)
            ? Event.LIBRARY_ERROR
            : event.getLevel().isGreaterOrEqual(Level.WARN)
                ? Event.LIBRARY_WARNING
                : Event.LIBRARY_INFO;
    String text = String.valueOf(event.getFormattedMessage());
    if (event.getThrowableProxy() != null) {
      text +=
          ": "
              + event.getThrowableProxy().getClassName()
              + ": "
              + event.getThrowableProxy().getMessage();
    }
    return Entry.of(
        what,
        Map.of(Field.LOGGER, String.valueOf(event.getLoggerName()), Field.TEXT, text),
        0,
        event.getTimeStamp());
  }
}
