package org.vhostwatch.log;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lines of an incident's log, as {@link LogRing} keeps them, for those who get a redacted archive.
 * Names in them are replaced elsewhere; but what the operator's own programs, paths and hosts are
 * called is not known to be a name, so only what is told of queues and of looking at them keeps its
 * words.
 */
public final class RedactedLine {

  /** Stands for words that stay on the host. */
  private static final String LEFT_OUT = "(left out)";

  private static final Pattern HEAD =
      Pattern.compile(
          "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z [a-z]+ ([a-z-]+)(?=[ :])");

  private RedactedLine() {}

  /**
   * Returns a line as it is, or its time, priority and event alone; nothing of a line that is none
   * of this version's.
   */
  public static String of(String line) {
    Matcher head = HEAD.matcher(line);
    Optional<Event> event = head.lookingAt() ? named(head.group(1)) : Optional.empty();
    if (event.isEmpty()) {
      return LEFT_OUT;
    }
    return event.get().tellsOfQueues() ? line : head.group() + ": " + LEFT_OUT;
  }

  private static Optional<Event> named(String word) {
    return Arrays.stream(Event.values()).filter(event -> event.word().equals(word)).findFirst();
  }
}
