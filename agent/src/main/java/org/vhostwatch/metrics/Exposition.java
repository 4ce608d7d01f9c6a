package org.vhostwatch.metrics;

import java.io.IOException;
import java.io.Writer;
import org.jspecify.annotations.Nullable;

/** All metrics as text that Prometheus reads. */
public interface Exposition {

  /**
   * Returns the format to write.
   *
   * @param accept what the reader accepts, as in HTTP's Accept; null if it did not say
   */
  String contentType(@Nullable String accept);

  /** Writes all metrics as they are now, in a format that {@link #contentType} returned. */
  void write(String contentType, Writer out) throws IOException;
}
