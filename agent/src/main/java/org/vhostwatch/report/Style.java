package org.vhostwatch.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.exposure.Exposure;

/** Whether verdicts are coloured. They are always said in words too. */
public enum Style {
  PLAIN,
  COLOUR;

  /** Returns COLOUR if stdout is a terminal that shows it and the user did not say NO_COLOR. */
  public static Style ofStdout() {
    return of("1");
  }

  /** Returns the same of stderr. */
  public static Style ofStderr() {
    return of("2");
  }

  private static Style of(String fd) {
    String term = System.getenv().getOrDefault("TERM", "dumb");
    return System.getenv("NO_COLOR") == null && !term.equals("dumb") && terminal(fd)
        ? COLOUR
        : PLAIN;
  }

  /** Returns whether stdin is a terminal. */
  public static boolean stdinIsTerminal() {
    return terminal("0");
  }

  /** Returns whether stdout is a terminal. */
  public static boolean stdoutIsTerminal() {
    return terminal("1");
  }

  /** Returns whether stderr is a terminal. */
  public static boolean stderrIsTerminal() {
    return terminal("2");
  }

  private static boolean terminal(String fd) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd", fd)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the verdict's name. */
  public String verdict(Verdict verdict) {
    if (this == PLAIN) {
      return verdict.name();
    }
    String code =
        switch (verdict) {
          case LIVELOCKED -> "1;31";
          case STALLED, SPINNING -> "1;33";
          case UNKNOWN -> "1;35";
          case BUSY, HEALTHY -> "32";
        };
    return coloured(code, verdict.name());
  }

  /** Returns a word that warns as STALLED does. */
  String warning(String word) {
    return this == PLAIN ? word : coloured("1;33", word);
  }

  /** Returns the status' name in capitals. */
  String exposure(Exposure status) {
    if (this == PLAIN) {
      return status.name();
    }
    String code =
        switch (status) {
          case AFFECTED -> "1;33";
          case UNKNOWN -> "1;35";
          case FIXED -> "32";
        };
    return coloured(code, status.name());
  }

  private static String coloured(String code, String text) {
    return "\u001b[" + code + "m" + text + "\u001b[0m";
  }
}
