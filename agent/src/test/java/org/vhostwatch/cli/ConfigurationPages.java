package org.vhostwatch.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Key;
import org.vhostwatch.config.Keys;

/** Writes what tells of the configuration, from the description of its keys. */
final class ConfigurationPages {

  private static final int WIDTH = 98;

  private ConfigurationPages() {}

  /** Returns the default file: every key, commented out. */
  static String file() {
    StringBuilder file = new StringBuilder();
    file.append(
        """
        # What `vhostwatch run` goes by: key = value. Every key is here with its default, commented
        # out. `vhostwatch check` says what is in force and where it comes from; after a change:
        # systemctl reload vhostwatch, or restart for a key that says so. vhostwatch.conf(5) has more.
        """);
    for (Key<?> key : Keys.ALL) {
      file.append('\n');
      comment(file, key.sentence().replace("`", "'") + ".");
      comment(
          file,
          "Value: "
              + key.kind().right()
              + ". Default: "
              + key.fallback()
              + (key.reloadable() ? "." : ". A change takes a restart."));
      file.append('#').append(key.name()).append(" = ").append(key.fallback()).append('\n');
    }
    return file.toString();
  }

  private static void comment(StringBuilder file, String text) {
    StringBuilder line = new StringBuilder("#");
    for (String word : text.split(" ", -1)) {
      if (line.length() + 1 + word.length() > WIDTH) {
        file.append(line).append('\n');
        line = new StringBuilder("#");
      }
      line.append(' ').append(word);
    }
    file.append(line).append('\n');
  }

  /** Returns vhostwatch.conf(5). */
  static String manualPage() {
    Roff page = new Roff();
    page.line(".\\\" Made from the description of the keys; `mvn test` holds the two together.");
    page.line(".TH VHOSTWATCH.CONF 5 \"\" vhostwatch \"File Formats\"");
    page.line(".SH NAME");
    page.line("vhostwatch.conf \\- what vhostwatch goes by");
    page.line(".SH SYNOPSIS");
    page.line(".I " + Roff.escaped(Configuration.DEFAULT_FILE.toString()));
    page.line(".SH DESCRIPTION");
    page.text(
        "Lines of `key = value`, in UTF-8. A # at the beginning of a line or after a blank begins"
            + " a comment. Blanks around key and value do not count. Each key may be given once.");
    page.line(".PP");
    page.text(
        "Every key is an option of `vhostwatch run` as well, `--key`, and a variable of the"
            + " environment, in capitals and with _ for -, VHOSTWATCH_KEY. The command line counts"
            + " before the environment, that before the file, and that before the default. Other"
            + " commands go by the keys that they have as options.");
    page.line(".PP");
    page.text(
        "The file must belong to root or to the user that runs the program, and nobody else may be"
            + " able to write it or its folder. An unknown key, a key given twice, a value that is"
            + " none or out of range, and keys that contradict each other are refused, all at once,"
            + " with file, line, key and what would be right: `vhostwatch run` ends with 78."
            + " `vhostwatch check --no-probes` looks at the file alone.");
    page.line(".PP");
    page.text(
        "SIGHUP (`systemctl reload vhostwatch`) makes the daemon read it again. Keys that take a"
            + " restart keep their value until then, and the log says so; a file that is refused"
            + " changes nothing.");
    page.line(".SH KEYS");
    for (Key<?> key : Keys.ALL) {
      page.item(key.name() + " = " + key.kind().label(), key.sentence() + ".");
      page.line(".IP");
      page.text(
          "Value: "
              + key.kind().right()
              + ". Default: `"
              + key.fallback()
              + (key.reloadable() ? "`." : "`. A change takes a restart."));
    }
    page.line(".SH FILES");
    page.item(
        Configuration.DEFAULT_FILE.toString(),
        "The file, which may be absent. Another is named with `--config`, and may not.");
    page.line(".SH SEE ALSO");
    page.line(".BR vhostwatch (8)");
    return page.toString();
  }

  /** Returns the rows of the table in docs/configuration.md. */
  static List<String> rows() {
    List<String> rows = new ArrayList<>();
    for (Key<?> key : Keys.ALL) {
      rows.add(
          String.format(
              Locale.ROOT,
              "| `%s` | `%s` | %s | %s | %s |",
              key.name(),
              key.fallback(),
              key.kind().right().replace("|", "\\|"),
              key.reloadable() ? "reload" : "restart",
              key.sentence() + "."));
    }
    return rows;
  }
}
