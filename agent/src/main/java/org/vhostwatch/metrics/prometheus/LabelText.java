package org.vhostwatch.metrics.prometheus;

/** Makes text of foreign origin fit for a label's value: raw, but bounded and well-formed. */
final class LabelText {

  static final int MAX_CHARS = 256;
  private static final int REPLACEMENT = 0xfffd;

  private LabelText() {}

  /**
   * Returns the text with lone surrogates, which UTF-8 cannot hold, and NUL, at which Prometheus
   * stops to read, as U+FFFD, and at most {@value #MAX_CHARS} characters. Quotes, backslashes and
   * line ends are escaped by the writer of the format.
   */
  static String of(String text) {
    StringBuilder fit = new StringBuilder(Math.min(text.length(), MAX_CHARS));
    for (int i = 0; i < text.length(); ) {
      int point = text.codePointAt(i);
      i += Character.charCount(point);
      boolean unfit = point == 0 || Character.getType(point) == Character.SURROGATE;
      if (fit.length() + Character.charCount(point) > MAX_CHARS) {
        break;
      }
      fit.appendCodePoint(unfit ? REPLACEMENT : point);
    }
    return fit.toString();
  }
}
