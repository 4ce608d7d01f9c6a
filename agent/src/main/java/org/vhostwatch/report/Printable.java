package org.vhostwatch.report;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes text of foreign origin (names of VMs, taps, processes; words of bpftrace) safe to print: it
 * can neither move the cursor, nor end a line, nor grow without limit.
 */
public final class Printable {

  private static final int MAX_CHARS = 256;
  private static final int MAX_LINE = 4096;

  /** The highest code point is 10ffff: what is no code point was not written by this. */
  private static final Pattern ESCAPED =
      Pattern.compile("\\\\(?:[\\\\\"]|u\\{(10[0-9a-f]{4}|[0-9a-f]{1,5})})");

  private Printable() {}

  /**
   * Returns the text with control, format and unassigned characters and lone surrogates as {@code
   * \\u{hex}} and backslashes doubled, cut at 256 characters.
   */
  public static String of(String text) {
    return of(text, MAX_CHARS);
  }

  /** Otherwise as {@link #of(String)}, cut at {@code most} characters. */
  public static String of(String text, int most) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .limit(most)
        .forEach(
            point -> {
              if (point == '\\') {
                safe.append("\\\\");
              } else if (harmless(point)) {
                safe.appendCodePoint(point);
              } else {
                safe.append("\\u{").append(Integer.toHexString(point)).append('}');
              }
            });
    return text.codePointCount(0, text.length()) > most
        ? safe.append("...").toString()
        : safe.toString();
  }

  /**
   * Returns a line that was made printable before, and then kept somewhere where somebody may have
   * changed it: what is not harmless is replaced, backslashes stay as they are.
   */
  public static String line(String text) {
    return line(text, MAX_LINE);
  }

  /** Otherwise as {@link #line(String)}, cut at {@code most} characters. */
  public static String line(String text, int most) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .limit(most)
        .forEach(point -> safe.appendCodePoint(harmless(point) ? point : 0xfffd));
    return safe.toString();
  }

  /**
   * Returns the text as {@link #of(String)} has it, in quotes that it cannot end: backslashes are
   * doubled, so one before a quote is never its own.
   */
  public static String quoted(String text) {
    return '"' + of(text).replace("\"", "\\\"") + '"';
  }

  /**
   * Returns the text that {@link #quoted} was given, as far as it was not cut.
   *
   * @param quoted with its quotes
   */
  public static String unquoted(String quoted) {
    return ESCAPED
        .matcher(quoted.substring(1, quoted.length() - 1))
        .replaceAll(
            match ->
                Matcher.quoteReplacement(
                    match.group(1) == null
                        ? match.group().substring(1)
                        : Character.toString(Integer.parseInt(match.group(1), 16))));
  }

  private static boolean harmless(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.PRIVATE_USE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
