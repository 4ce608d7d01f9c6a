package org.vhostwatch.report;

/** Numbers of things, in words. */
public final class Plural {

  private Plural() {}

  /** Returns {@code 1 queue} or {@code 2 queues}. */
  public static String of(long number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }
}
