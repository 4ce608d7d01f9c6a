package org.vhostwatch.cli;

import java.time.Duration;
import org.vhostwatch.config.BadValue;
import org.vhostwatch.config.Kind;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads times of options that are no keys of the configuration. */
final class Durations implements ITypeConverter<Duration> {

  @Override
  public Duration convert(String value) {
    try {
      return Kind.time(value);
    } catch (BadValue e) {
      throw new TypeConversionException(e.why() + " like 500ms, 5s, 2m or 1h");
    }
  }
}
