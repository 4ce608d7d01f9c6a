package org.vhostwatch.cli;

import picocli.CommandLine;

/** Starts the drill alone, for trying it in the lab: {@code DrillLauncher OPTIONS}. */
final class DrillLauncher {
  private DrillLauncher() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new DrillCommand()).execute(args));
  }
}
