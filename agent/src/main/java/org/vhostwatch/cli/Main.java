package org.vhostwatch.cli;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The program. */
public final class Main {

  private Main() {}

  /** Runs a command and ends with its exit code. */
  public static void main(String[] args) {
    // What is not UTF-8 here comes from the C locale that services run in; names of VMs are UTF-8.
    System.setOut(new PrintStream(System.out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(System.err, true, StandardCharsets.UTF_8));
    System.exit(Vhostwatch.commandLine().execute(args));
  }
}
