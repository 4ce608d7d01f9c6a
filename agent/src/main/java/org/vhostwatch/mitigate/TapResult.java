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
 * @param changes each feature concerned, in order of name
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
  public TapResult {
    changes = List.copyOf(changes);
    notes = List.copyOf(notes);
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
    /** The tap does not exist any more: there is nothing to restore. */
    GONE,
    /** Not as wanted: the message says why. */
    FAILED;

    /** Returns whether this tap is as it should be. */
    public boolean good() {
      return this != FAILED;
    }
  }
}
