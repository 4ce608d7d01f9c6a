package org.vhostwatch.fuzz;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What must be true of what was made of an input: cheap, as it is asked millions of times. */
public final class Claim {

  private Claim() {}

  /** Claims that something is true. */
  public static void that(boolean condition, String otherwise) {
    if (!condition) {
      throw new AssertionError(otherwise);
    }
  }

  /**
   * Otherwise as {@link #that(boolean, String)}; what it is about is made text only if it fails.
   */
  public static void that(boolean condition, String otherwise, Object about) {
    if (!condition) {
      throw new AssertionError(otherwise + ": " + about);
    }
  }

  /** Claims that two things are equal. */
  public static void same(@Nullable Object wanted, @Nullable Object got, String what) {
    if (!Objects.equals(wanted, got)) {
      throw new AssertionError(what + ": " + wanted + " became " + got);
    }
  }

  /**
   * Claims that a text can neither move the cursor of a terminal nor hide in it: no control or
   * format characters, no half characters; lines end with line feeds.
   */
  public static void printable(String text) {
    text.codePoints()
        .forEach(
            point -> {
              if (point != '\n' && !harmless(point)) {
                throw new AssertionError(
                    "U+" + Integer.toHexString(point) + " would be printed, in: " + text);
              }
            });
  }

  /** Claims that a text is printable, and one line. */
  public static void line(String text) {
    printable(text);
    that(text.indexOf('\n') < 0, "more than a line would be printed", text);
  }

  private static boolean harmless(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
