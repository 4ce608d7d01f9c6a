package org.vhostwatch.cli;

/** A manual page in the making. */
final class Roff {

  private final StringBuilder page = new StringBuilder();

  void item(String name, String meaning) {
    line(".TP");
    line("\\fB" + escaped(name) + "\\fR");
    text(meaning);
  }

  /** Writes a paragraph; of what picocli knows only the end of a line may be in it. */
  void text(String paragraph) {
    for (String part : String.format(paragraph.replace("% ", "%% ")).split("\n", -1)) {
      if (!part.isBlank()) {
        line(escaped(part.strip()).replaceAll("`([^`]*)`", "\\\\fB$1\\\\fR"));
      }
    }
  }

  static String escaped(String text) {
    String safe = text.strip().replaceAll("\\s+", " ").replace("\\", "\\e").replace("-", "\\-");
    return safe.startsWith(".") || safe.startsWith("'") ? "\\&" + safe : safe;
  }

  void line(String line) {
    page.append(line).append('\n');
  }

  @Override
  public String toString() {
    return page.toString();
  }
}
