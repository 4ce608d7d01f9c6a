package org.vhostwatch.report;

/**
 * Makes text of foreign origin (names of VMs, taps, processes; words of bpftrace) safe to print: it
 * can neither move the cursor, nor end a line, nor grow without limit.
 */
public final class Printable {

  private static final int MAX_CHARS = 256;
  private static final int MAX_LINE = 4096;

  private Printable() {}

  /**
   * Returns the text with control, format and unassigned characters and lone surrogates as {@code
   * \\u{hex}} and backslashes doubled, cut at 256 characters.
   */
  public static String of(String text) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .limit(MAX_CHARS)
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
    return text.codePointCount(0, text.length()) > MAX_CHARS
        ? safe.append("...").toString()
        : safe.toString();
  }

  /**
   * Returns a line that was made printable before, and then kept somewhere where somebody may have
   * changed it: what is not harmless is replaced, backslashes stay as they are.
   */
  public static String line(String text) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .limit(MAX_LINE)
        .forEach(point -> safe.appendCodePoint(harmless(point) ? point : 0xfffd));
    return safe.toString();
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
