package org.vhostwatch.log;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Locale;
import org.vhostwatch.report.JsonText;

/** Writes an event as a line, without its end. */
enum LineFormat {
  TEXT {
    @Override
    String line(Entry entry) {
      return time(entry) + ' ' + entry.event().priority().word() + ' ' + words(entry);
    }
  },
  /** For people who look on: their own time, and the priority where the eye finds it. */
  TERMINAL {
    @Override
    String line(Entry entry) {
      return clock(entry) + level(entry) + words(entry);
    }
  },
  COLOUR {
    @Override
    String line(Entry entry) {
      String code =
          switch (entry.event().priority()) {
            case CRIT -> "1;31";
            case ERROR -> "31";
            case WARNING -> "33";
            case NOTICE -> "32";
            case INFO -> "0";
            case DEBUG -> "2";
          };
      return clock(entry) + "\u001b[" + code + 'm' + level(entry) + "\u001b[0m" + words(entry);
    }
  },
  /** See sd-daemon(3). */
  JOURNAL {
    @Override
    String line(Entry entry) {
      return "<" + entry.event().priority().number() + '>' + words(entry);
    }
  },
  JSON {
    @Override
    String line(Entry entry) {
      return JsonText.line(
          json -> {
            json.text("ts", time(entry))
                .number("priority", entry.event().priority().number())
                .text("level", entry.event().priority().word())
                .text("event", entry.event().word())
                .text("message", entry.message());
            for (Field field : entry.event().fields()) {
              Object value = entry.value(field);
              if (value instanceof Long number) {
                json.number(field.word(), number);
              } else {
                json.text(field.word(), (String) value);
              }
            }
            if (entry.more() > 0) {
              json.number("more", entry.more()).number("more_seconds", entry.seconds());
            }
          });
    }
  };

  abstract String line(Entry entry);

  private static String words(Entry entry) {
    return entry.prefix() + ": " + entry.message();
  }

  /** What an Instant writes by itself leaves out digits that are zero. */
  private static String time(Entry entry) {
    return Times.ISO.format(Instant.ofEpochMilli(entry.wallMillis()));
  }

  private static String clock(Entry entry) {
    return Times.CLOCK.format(
        Instant.ofEpochMilli(entry.wallMillis()).atZone(ZoneId.systemDefault()));
  }

  private static String level(Entry entry) {
    String word = entry.event().priority().word().toUpperCase(Locale.ROOT);
    return word + " ".repeat(8 - word.length());
  }

  private static final class Times {
    static final DateTimeFormatter ISO =
        new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);
    static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss ", Locale.ROOT);
  }
}
