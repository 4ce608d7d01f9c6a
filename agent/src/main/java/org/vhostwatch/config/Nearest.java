package org.vhostwatch.config;

import java.util.Collection;
import java.util.Optional;

/** Finds what somebody may have meant. */
final class Nearest {

  /** Two slips; beyond that everything is near to everything. */
  private static final int MAX_EDITS = 2;

  private Nearest() {}

  /** Returns the name that differs least from {@code typed}, if it is near. */
  static Optional<String> to(String typed, Collection<String> names) {
    Optional<String> nearest = Optional.empty();
    int least = MAX_EDITS + 1;
    for (String name : names) {
      // What is much longer is far away, and comparing it would take long.
      int edits = Math.abs(typed.length() - name.length()) > MAX_EDITS ? least : edits(typed, name);
      if (edits < least) {
        least = edits;
        nearest = Optional.of(name);
      }
    }
    return nearest;
  }

  /** Levenshtein's distance: letters to add, take away or replace. */
  private static int edits(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[to.length()];
  }
}
