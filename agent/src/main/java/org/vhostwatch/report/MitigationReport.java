package org.vhostwatch.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.mitigate.Change;
import org.vhostwatch.mitigate.TapResult;
import org.vhostwatch.mitigate.TapResult.Outcome;

/**
 * What {@code mitigate} found and did.
 *
 * @param mode what was asked for
 * @param kernel release, as {@code uname -r}
 * @param rating of that kernel; NOT_RATED when it was not asked for (undo)
 * @param refused whether nothing was done because of that rating
 * @param ownNetns inode number of the namespace of this process
 * @param taps one a tap
 * @param troubles what did not work, in words
 */
public record MitigationReport(
    Mode mode,
    String kernel,
    KernelExposure rating,
    boolean refused,
    long ownNetns,
    List<TapResult> taps,
    List<String> troubles) {

  /** Name and version of the format; a field may be added within a version, none changes. */
  public static final String SCHEMA = "vhostwatch.mitigation/1";

  /** What was asked for. */
  public enum Mode {
    DRY_RUN,
    APPLY,
    UNDO
  }

  public MitigationReport {
    taps = List.copyOf(taps);
    troubles = List.copyOf(troubles);
  }

  /** Returns the exit code of the command. */
  public int exitCode() {
    if (refused) {
      return ExitCode.REFUSED;
    }
    boolean good = taps.stream().allMatch(tap -> tap.outcome().good());
    return good && troubles.isEmpty() ? ExitCode.OK : ExitCode.WARNING;
  }

  /** Returns the report as one JSON object; docs/json.md describes each field. */
  public String json() {
    return JsonText.of(
        json -> {
          json.text("schema", SCHEMA).constant("mode", mode).number("exit_code", exitCode());
          json.name("kernel", kernel);
          json.text("kernel_status", mode == Mode.UNDO ? null : rating.status().label());
          json.name("kernel_reason", mode == Mode.UNDO ? "" : rating.reason());
          json.flag("refused", refused);
          json.objects("taps", taps, this::tap);
          json.texts("troubles", troubles);
        });
  }

  private void tap(JsonText json, TapResult tap) {
    json.name("tap", tap.name());
    json.count("ifindex", tap.ifindex() == 0 ? -1 : tap.ifindex());
    json.count("netns", tap.netns() == 0 ? -1 : tap.netns());
    json.flag("own_netns", tap.netns() == ownNetns);
    json.name("vm", tap.vm());
    json.constant("outcome", tap.outcome());
    json.name("message", tap.message());
    json.objects(
        "changes",
        tap.changes(),
        (fields, change) ->
            fields
                .text("feature", change.feature())
                .flag("from", change.from())
                .flag("to", change.to())
                .flag("done", change.done()));
    json.texts("notes", tap.notes());
  }

  /** Returns the report in words. */
  public String text() {
    StringBuilder text = new StringBuilder();
    if (mode != Mode.UNDO) {
      text.append("kernel ").append(Printable.of(kernel)).append(": ").append(status());
      text.append(rating.reason().isEmpty() ? "" : ", " + Printable.of(rating.reason()));
      text.append('\n');
    }
    for (TapResult tap : taps) {
      tap(text, tap);
    }
    troubles.forEach(
        trouble -> text.append("trouble: ").append(Printable.of(trouble)).append('\n'));
    endings().forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }

  private String status() {
    return switch (rating.status()) {
      case AFFECTED -> "affected";
      case FIXED -> "fixed";
      case UNKNOWN -> "not known whether affected";
    };
  }

  private void tap(StringBuilder text, TapResult tap) {
    text.append(words(tap.outcome())).append("  tap ").append(Printable.of(tap.name()));
    if (tap.ifindex() != 0) {
      text.append(" (ifindex ").append(tap.ifindex());
      if (tap.netns() != 0) {
        text.append(", netns ").append(tap.netns());
        text.append(tap.netns() == ownNetns ? ", this one" : ", another than ours");
      }
      text.append(')');
    }
    text.append(tap.vm().isEmpty() ? "" : " of VM " + Printable.of(tap.vm()));
    text.append(tap.message().isEmpty() ? "" : ": " + Printable.of(tap.message())).append('\n');
    for (Change change : tap.changes()) {
      text.append("    ").append(change.feature());
      text.append(' ').append(onOff(change.from())).append(" -> ").append(onOff(change.to()));
      text.append(mode == Mode.DRY_RUN || change.done() ? "" : "  (not done)").append('\n');
    }
    tap.notes().forEach(note -> text.append("    note: ").append(Printable.of(note)).append('\n'));
  }

  private List<String> endings() {
    List<String> lines = new ArrayList<>();
    long changes = taps.stream().mapToLong(tap -> tap.changes().size()).sum();
    if (taps.isEmpty()) {
      lines.add(
          mode == Mode.UNDO
              ? "nothing to undo: no tap is mitigated"
              : troubles.isEmpty()
                  ? "no tap: nothing on this host receives through vhost_net"
                  : "no tap is known");
    } else {
      lines.add(
          Plural.of(taps.size(), "tap")
              + ", "
              + Plural.of(changes, "change")
              + (mode == Mode.DRY_RUN ? " to make" : "")
              + ": "
              + outcomes());
    }
    if (refused) {
      lines.add(
          rating.status() == Exposure.FIXED
              ? "refused: this kernel does not have the fault, so there is nothing to gain;"
                  + " --force does it all the same"
              : "refused: it is not known whether this kernel has the fault; `vhostwatch drill`"
                  + " tells, --force does it all the same");
    } else if (mode == Mode.DRY_RUN && changes > 0) {
      lines.add("dry run, nothing was changed: --apply does it, and --undo takes it back");
    }
    if (mode == Mode.APPLY && changes > 0) {
      lines.add("`vhostwatch mitigate --undo` takes it back");
    }
    if (mode != Mode.UNDO && changes > 0) {
      lines.add(
          "the taps' own gro and other rx features stay as they are: they work on what guests send");
    }
    return lines;
  }

  private String outcomes() {
    return taps.stream()
        .collect(Collectors.groupingBy(TapResult::outcome, Collectors.counting()))
        .entrySet()
        .stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> entry.getValue() + " " + words(entry.getKey()).strip())
        .collect(Collectors.joining(", "));
  }

  private static String onOff(boolean on) {
    return on ? "on" : "off";
  }

  private static String words(Outcome outcome) {
    return switch (outcome) {
      case WOULD_CHANGE -> "would change";
      case CHANGED -> "changed";
      case NOTHING_TO_DO -> "nothing to do";
      case NOT_EXPOSED -> "not exposed";
      case LEFT_ALONE -> "left alone";
      case RESTORED -> "restored";
      case GONE -> "gone";
      case FAILED -> "FAILED";
    };
  }
}
