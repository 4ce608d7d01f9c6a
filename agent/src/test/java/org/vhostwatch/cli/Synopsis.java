package org.vhostwatch.cli;

import picocli.CommandLine.Model.OptionSpec;

/** How an option and its value are written in manual page and documentation. */
final class Synopsis {

  private Synopsis() {}

  /** Returns what stands behind the name; empty if the option takes no value. */
  static String value(OptionSpec option) {
    if (option.arity().max() == 0) {
      return "";
    }
    return option.arity().min() == 0 ? "[=" + option.paramLabel() + "]" : " " + option.paramLabel();
  }
}
