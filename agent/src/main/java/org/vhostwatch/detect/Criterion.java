package org.vhostwatch.detect;

/**
 * One thing that a verdict rests on.
 *
 * @param id stable name, for machines
 * @param outcome whether it was met
 * @param text what was looked for, with the numbers that were found
 */
public record Criterion(String id, Outcome outcome, String text) {

  /** Whether a criterion was met. */
  public enum Outcome {
    MET,
    NOT_MET,
    NOT_MEASURABLE
  }

  static Criterion of(String id, boolean met, String text) {
    return new Criterion(id, met ? Outcome.MET : Outcome.NOT_MET, text);
  }

  static Criterion unmeasured(String id, String why) {
    return new Criterion(id, Outcome.NOT_MEASURABLE, why);
  }
}
