package org.vhostwatch.report;

import java.util.ArrayList;
import java.util.List;

/** Cells in columns, numbers to the right and words to the left. */
public final class Table {

  /** A cell wider than this shifts its own row instead of widening the whole table. */
  private static final int MAX_WIDTH = 40;

  private final boolean[] left;
  private final List<String[]> rows = new ArrayList<>();

  /**
   * @param titles of the columns; one with {@code <} at its end aligns its cells to the left
   */
  public Table(String... titles) {
    left = new boolean[titles.length];
    String[] first = new String[titles.length];
    for (int i = 0; i < titles.length; i++) {
      left[i] = titles[i].endsWith("<");
      first[i] = left[i] ? titles[i].substring(0, titles[i].length() - 1) : titles[i];
    }
    rows.add(first);
  }

  /** Adds a row. The cells are printed as they are: make them harmless before. */
  public void row(String... cells) {
    if (cells.length != left.length) {
      throw new IllegalArgumentException(cells.length + " cells, must be " + left.length);
    }
    rows.add(cells);
  }

  /** Returns the table, each row with its line end. */
  @Override
  public String toString() {
    int[] widths = new int[left.length];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], Math.min(MAX_WIDTH, width(row[i])));
      }
    }
    StringBuilder text = new StringBuilder();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.length; i++) {
        String pad = " ".repeat(Math.max(0, widths[i] - width(row[i])));
        line.append(i == 0 ? "" : "  ").append(left[i] ? row[i] + pad : pad + row[i]);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }
}
