package org.vhostwatch.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vhostwatch.report.Style;

/** How the log of this process is written. */
public final class Logging {

  /** What this program's own events are logged by; all other loggers are libraries'. */
  static final String NAME = "vhostwatch";

  private static final Path STDERR = Path.of("/proc/self/fd/2");

  private static final Output OUTPUT =
      new Output(
          new FileOutputStream(FileDescriptor.err),
          line(LogFormat.AUTO, System.getenv()),
          System::nanoTime);

  private Logging() {}

  /** Connects the library with the output; {@link LogbackSetup} calls it, once. */
  static void connect(LoggerContext context) {
    OUTPUT.setContext(context);
    OUTPUT.setName("stderr");
    OUTPUT.start();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    ((ch.qos.logback.classic.Logger) root).addAppender(OUTPUT);
    levels(context, Priority.INFO);
    try {
      // Whoever ends the JVM has not waited for the last lines.
      Runtime.getRuntime().addShutdownHook(new Thread(OUTPUT::flush, "log-rest"));
    } catch (IllegalStateException e) {
      // It is ending already.
    }
  }

  static Output output() {
    return OUTPUT;
  }

  /**
   * From now on events of {@code least} and of higher priority are written, in this format. Any
   * thread may call it.
   */
  public static void change(Priority least, LogFormat format) {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      levels(context, least);
    }
    OUTPUT.change(line(format, System.getenv()), least);
  }

  /**
   * Makes an event of each exception that ends a thread; Java would print it in many lines, which
   * nobody reads as one.
   */
  public static void takeUncaught() {
    Thread.setDefaultUncaughtExceptionHandler(Log::internalError);
  }

  /**
   * Writes repetitions that have waited long enough. To be called every second or so.
   *
   * @param now {@link System#nanoTime}
   */
  public static void due(long now) {
    OUTPUT.due(now);
  }

  /** Writes what still waits; what follows is written as if nothing had been before. */
  public static void finish() {
    OUTPUT.rest();
  }

  private static void levels(LoggerContext context, Priority least) {
    // Debugging is of our own events: what libraries say then is much, and about them.
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
    context.getLogger(NAME).setLevel(least == Priority.DEBUG ? Level.DEBUG : Level.INFO);
  }

  static LineFormat line(LogFormat format, Map<String, String> environment) {
    return switch (format) {
      case TEXT -> LineFormat.TEXT;
      case JOURNAL -> LineFormat.JOURNAL;
      case JSON -> LineFormat.JSON;
      case AUTO -> {
        if (JournalStream.is(STDERR, environment)) {
          yield LineFormat.JOURNAL;
        }
        if (!Style.stderrIsTerminal()) {
          yield LineFormat.TEXT;
        }
        yield Style.ofStderr() == Style.COLOUR ? LineFormat.COLOUR : LineFormat.TERMINAL;
      }
    };
  }
}
