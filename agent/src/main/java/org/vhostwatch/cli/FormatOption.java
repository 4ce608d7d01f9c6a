package org.vhostwatch.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The option of all commands that print text or JSON. */
@Command // else picocli does not take it for a mixin
final class FormatOption {

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text or json (default: ${DEFAULT-VALUE}).")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Format format;

  boolean json() {
    return format == Format.JSON;
  }
}
