package org.vhostwatch.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.vhostwatch.report.JsonText;
import org.vhostwatch.report.Printable;

/**
 * What is in force, where it comes from, and what is wrong.
 *
 * @param found what was found now
 * @param running what the daemon goes by; empty if none runs, or that cannot be read
 * @param doubts what is named there and would not work now, in words
 */
public record ConfigurationReport(
    Configuration.Found found, Optional<Running> running, List<String> doubts) {

  /** Returns lines of text. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append("file            ").append(Printable.of(found.file().toString()));
    text.append(found.read() ? "" : found.problems().isEmpty() ? " (absent)" : " (refused)");
    text.append('\n');
    for (Setting<?> setting : found.configuration().settings()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %-18s %-22s %s%n",
              setting.key().name(),
              Printable.of(setting.text()),
              Printable.of(setting.origin().text())));
    }
    text.append(problems());
    running.ifPresent(daemon -> running(text, daemon));
    return text.toString();
  }

  /** Returns a line for each problem and each doubt. */
  public String problems() {
    StringBuilder text = new StringBuilder();
    for (Problem problem : found.problems()) {
      text.append("problem         ").append(problem.text()).append('\n');
    }
    for (String doubt : doubts) {
      text.append("doubt           ").append(Printable.of(doubt)).append('\n');
    }
    return text.toString();
  }

  private void running(StringBuilder text, Running daemon) {
    List<Running.Difference> differences = daemon.differences(found.configuration());
    text.append("daemon          process ").append(daemon.pid());
    text.append(differences.isEmpty() ? " goes by this\n" : " goes by something else\n");
    for (Running.Difference difference : differences) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %-18s %-22s until a %s%n",
              difference.configured().key().name(),
              difference.runs().isEmpty() ? "(unknown to it)" : Printable.of(difference.runs()),
              difference.remedy()));
    }
  }

  /** Writes the same as fields. */
  public void json(JsonText json) {
    json.text("file", found.file().toString())
        .flag("read", found.read())
        .objects(
            "settings",
            found.configuration().settings(),
            (fields, setting) -> {
              fields.text("key", setting.key().name()).text("value", setting.text());
              origin(fields, setting.origin());
              fields.flag("reloadable", setting.key().reloadable());
            })
        .objects(
            "problems",
            found.problems(),
            (fields, problem) -> {
              origin(fields, problem.origin());
              fields
                  .name("key", problem.key())
                  .text("what", problem.what())
                  .text("right", problem.right());
            });
    json.texts("doubts", doubts);
    if (running.isEmpty()) {
      json.nothing("daemon");
    } else {
      Running daemon = running.get();
      json.object(
          "daemon",
          fields ->
              fields
                  .number("pid", daemon.pid())
                  .objects(
                      "differences",
                      daemon.differences(found.configuration()),
                      (difference, each) ->
                          difference
                              .text("key", each.configured().key().name())
                              .name("value", each.runs())
                              .text("remedy", each.remedy())));
    }
  }

  private static void origin(JsonText fields, Origin origin) {
    fields
        .text("source", origin.source().words())
        .name("place", origin.place())
        .count("line", origin.line() == 0 ? -1 : origin.line());
  }
}
