package org.vhostwatch.detect;

/**
 * Something that a queue in trouble could be taken for.
 *
 * @param id stable name, for machines
 * @param outcome whether it is that
 * @param text what it is, and why it is it or not, in one sentence with the figures; where nothing
 *     decides, what would tell
 */
public record LookAlike(String id, Outcome outcome, String text) {

  /** Whether it is that. */
  public enum Outcome {
    RULED_OUT,
    NOT_RULED_OUT,
    IT_IS_THIS
  }
}
