package org.vhostwatch.mitigate;

import java.util.List;

/**
 * What was found and done on one tap.
 *
 * @param name of the tap now; hostile text
 * @param ifindex its index, 0 if not known
 * @param netns inode number of its network namespace, 0 if not known
 * @param vm the VM it serves; hostile text
 * @param outcome what came of it
 * @param changes each feature concerned, in order of name; of a tap that failed those that the
 *     kernel was asked to change
 * @param message what is in the way, or why nothing is to be done; empty if there is nothing to say
 * @param notes what else the operator should know of this tap
 */
public record TapResult(
    String name,
    int ifindex,
    long netns,
    String vm,
    Outcome outcome,
    List<Change> changes,
    String message,
    List<String> notes) {
  /** The message of a tap that had no turn: others got no answer. */
  static final String NOT_TRIED = "not tried: the kernel does not answer";

  public TapResult {
    changes = List.copyOf(changes);
    notes = List.copyOf(notes);
  }

  /** Returns the same tap as one that failed after all. */
  TapResult failed(String why) {
    return new TapResult(name, ifindex, netns, vm, Outcome.FAILED, changes, why, notes);
  }

  /** Returns whether it was tried. */
  public boolean tried() {
    return outcome != Outcome.FAILED
        || !(message.equals(NOT_TRIED) || message.contains(Deadline.NOT_MADE));
  }

  /** Returns whether the kernel was asked to change it, with whatever success. */
  public boolean requested() {
    return outcome != Outcome.WOULD_CHANGE && !changes.isEmpty();
  }

  /** What came of it. */
  public enum Outcome {
    /** A dry run: this would be changed. */
    WOULD_CHANGE,
    /** All was changed and read back. */
    CHANGED,
    /** Nothing was on. */
    NOTHING_TO_DO,
    /** It cannot meet the livelock, and was not named. */
    NOT_EXPOSED,
    /** An operator took the mitigation back: the daemon leaves it alone. */
    LEFT_ALONE,
    /** Features are again requested as they were. */
    RESTORED,
    /** The tap does not exist any more: there is nothing to change or restore. */
    GONE,
    /** Not as wanted: the message says why. */
    FAILED;

    /** Returns whether this tap is as it should be. */
    public boolean good() {
      return this != FAILED;
    }
  }
}
