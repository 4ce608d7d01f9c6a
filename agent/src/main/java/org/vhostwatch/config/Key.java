package org.vhostwatch.config;

import java.util.Locale;

/**
 * A key of the configuration: all that is known of it, said once.
 *
 * @param name as in the file; the option is {@code --name}, the variable {@code VHOSTWATCH_NAME}
 * @param kind how its values are written, and which are allowed
 * @param fallback what holds if nothing is said
 * @param reloadable whether it can change while the daemon runs
 * @param sentence what it is, in one sentence without its end
 * @param <T> what a value is
 */
public record Key<T>(
    String name, Kind<T> kind, String fallback, boolean reloadable, String sentence) {

  static final String PREFIX = "VHOSTWATCH_";

  /** Returns the name of the option. */
  public String option() {
    return "--" + name;
  }

  /** Returns the name of the environment variable. */
  public String variable() {
    return PREFIX + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /** Returns whether it is a flag: as an option it needs no value. */
  public boolean flag() {
    return kind.words().equals(Kind.flag().words());
  }

  /** Returns what it is, what is allowed and what holds by itself. */
  public String help() {
    return sentence + ": " + kind.range() + " (default: " + fallback + ").";
  }

  @Override
  public String toString() {
    return name;
  }
}
