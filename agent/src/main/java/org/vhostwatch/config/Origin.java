package org.vhostwatch.config;

import java.nio.file.Path;

/**
 * Where a value comes from.
 *
 * @param source which of the four
 * @param place the option, the variable or the file; empty for a default
 * @param line of the file; 0 if it is about the whole of it, or there is none
 */
public record Origin(Source source, String place, int line) {

  /** The sources, the one that is asked last first. */
  public enum Source {
    DEFAULT("default"),
    FILE("file"),
    ENVIRONMENT("environment"),
    COMMAND_LINE("command line");

    private final String words;

    Source(String words) {
      this.words = words;
    }

    /** Returns the name in text and JSON. */
    public String words() {
      return words;
    }
  }

  static final Origin NOWHERE = new Origin(Source.DEFAULT, "", 0);

  static Origin file(Path file, int line) {
    return new Origin(Source.FILE, file.toString(), line);
  }

  static Origin environment(String variable) {
    return new Origin(Source.ENVIRONMENT, variable, 0);
  }

  static Origin commandLine(String option) {
    return new Origin(Source.COMMAND_LINE, option, 0);
  }

  /**
   * Returns it in words: {@code default}, {@code FILE:3}, {@code environment VHOSTWATCH_LISTEN}.
   */
  public String text() {
    return switch (source) {
      case DEFAULT -> source.words();
      case FILE -> line == 0 ? place : place + ":" + line;
      case ENVIRONMENT, COMMAND_LINE -> source.words() + " " + place;
    };
  }
}
