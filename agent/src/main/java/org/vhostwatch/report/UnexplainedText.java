package org.vhostwatch.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.probe.Evidence;

/** What is said of a worker whose CPU time nothing accounts for, harmless to a terminal. */
public final class UnexplainedText {

  private static final int MAX_STACKS = 2;

  private UnexplainedText() {}

  /**
   * Returns what is known of its cause, in one line.
   *
   * @param devices kinds of vhost devices that its process has open; empty if not known
   */
  public static String sentence(UnexplainedWorker found, List<String> devices) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "uses %.0f %% of a CPU%s, and nothing accounts for it: ",
            found.share() * 100,
            found.waits() < 0.01
                ? ""
                : String.format(
                    Locale.ROOT, " and waits for one for %.0f %%", found.waits() * 100)));
    text.append(
        found.queues() == 0
            ? "it serves no vhost_net queue"
            : String.format(
                Locale.ROOT,
                "no index of its %s moved in %.0f s, and none spins",
                Plural.of(found.queues(), "queue"),
                found.provenSeconds()));
    if (found.busyloopMicros() > 0) {
      text.append("; busyloop_timeout is ").append(found.busyloopMicros()).append(" us");
    }
    if (!devices.isEmpty()) {
      text.append("; its process has open: ").append(Printable.of(String.join(", ", devices)));
    }
    found
        .place()
        .ifPresent(
            place ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        "; %.0f %% of the stacks are in %s",
                        place.share() * 100,
                        Printable.of(place.function()))));
    return text.toString();
  }

  /** Returns its most frequent stacks, indented as those of queues are. */
  static List<String> stacks(UnexplainedWorker found) {
    List<String> lines = new ArrayList<>();
    long samples = found.stacks().stream().mapToLong(Evidence.Stack::samples).sum();
    for (Evidence.Stack stack : found.stacks().stream().limit(MAX_STACKS).toList()) {
      lines.add("  stack    " + stack.samples() + " of " + samples + " samples");
      stack.frames().forEach(frame -> lines.add("             " + Printable.of(frame)));
    }
    return lines;
  }
}
