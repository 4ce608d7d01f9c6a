package org.vhostwatch.metrics;

import java.io.IOException;
import java.io.Writer;

/** All metrics as text that Prometheus reads. */
public interface Exposition {

  /** How the text is written. */
  enum Format {
    /** What every reader understands. */
    TEXT("text/plain", "0.0.4"),
    /** OpenMetrics. */
    OPEN_METRICS("application/openmetrics-text", "1.0.0");

    private final String mediaType;
    private final String version;

    Format(String mediaType, String version) {
      this.mediaType = mediaType;
      this.version = version;
    }

    /** Returns the media type without its parameters. */
    public String mediaType() {
      return mediaType;
    }

    /** Returns the version of the format, as its media type's parameter says it. */
    public String version() {
      return version;
    }

    /** Returns the media type with its parameters. */
    public String contentType() {
      return mediaType + "; version=" + version + "; charset=utf-8";
    }
  }

  /** Writes all metrics as they are now. */
  void write(Format format, Writer out) throws IOException;
}
