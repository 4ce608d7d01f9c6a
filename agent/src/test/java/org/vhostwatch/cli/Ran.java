package org.vhostwatch.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What a command line came to. */
record Ran(int exitCode, String out, String err) {

  static Ran of(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        Vhostwatch.commandLine(arguments)
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments);
    return new Ran(exitCode, out.toString(), err.toString());
  }
}
