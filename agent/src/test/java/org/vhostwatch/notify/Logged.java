package org.vhostwatch.notify;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** What is logged while a test runs. */
public final class Logged extends AppenderBase<ILoggingEvent> {

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger("vhostwatch");

  @Override
  public void start() {
    setContext(logger.getLoggerContext());
    super.start();
    logger.addAppender(this);
  }

  @Override
  public void stop() {
    logger.detachAppender(this);
    super.stop();
  }

  @Override
  protected void append(ILoggingEvent event) {
    lines.add(event.getFormattedMessage());
  }

  /** Waits for a line with this in it; returns it. */
  public String await(String part) throws InterruptedException {
    while (true) {
      String line = lines.poll(20, TimeUnit.SECONDS);
      if (line == null) {
        throw new AssertionError("nobody logs: " + part);
      }
      if (line.contains(part)) {
        return line;
      }
    }
  }
}
