package org.vhostwatch.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** What the program hands to the library. */
final class Taken {

  private Taken() {}

  /** Returns the one event that {@code saying} says. */
  static Entry by(Callable<@Nullable Object> saying) throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(Logging.NAME);
    ListAppender<ILoggingEvent> events = new ListAppender<>();
    events.start();
    logger.addAppender(events);
    try {
      saying.call();
    } finally {
      logger.detachAppender(events);
    }
    assertThat(events.list).hasSize(1);
    return (Entry) events.list.get(0).getArgumentArray()[0];
  }
}
