package org.vhostwatch.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.exporter.common.TextFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vhostwatch.metrics.Exposition.Format;

class AcceptedTest {

  /** What Prometheus 2.45 and 3.5 send, browsers, curl, and what is in doubt. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2 | OPEN_METRICS
          application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,*/*;q=0.1 | OPEN_METRICS
          text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8 | TEXT
          */* | TEXT
          text/plain | TEXT
          application/openmetrics-text | OPEN_METRICS
          application/openmetrics-text;version=0.0.1 | TEXT
          application/openmetrics-text; version="1.0.0" | OPEN_METRICS
          application/openmetrics-text;q=0.2, text/plain;q=0.9 | TEXT
          application/openmetrics-text;q=0.5, text/*;q=0.9 | TEXT
          APPLICATION/OpenMetrics-Text;Q=1 | OPEN_METRICS
          application/openmetrics-text;q=0 | TEXT
          application/openmetrics-text, text/plain | OPEN_METRICS
          application/openmetrics-text;q=0.1, text/plain;q=0 | OPEN_METRICS
          application/openmetrics-text;q=17 | TEXT
          ;;;,,,=,q=1 | TEXT
          """)
  void theFormatIsWhatTheClientLikesBest(String accepted, Format format) {
    assertThat(Accepted.of(accepted).metrics()).isEqualTo(format);
  }

  @Test
  void whoSaysNothingGetsText() {
    assertThat(Accepted.of(null).metrics()).isEqualTo(Format.TEXT);
    assertThat(Accepted.of("").metrics()).isEqualTo(Format.TEXT);
    assertThat(Accepted.of(null).gzip()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          gzip|true
          deflate, GZIP;q=1.0|true
          gzip;q=0|false
          gzip; q=0.000|false
          gzip;q=0.1|true
          identity|false
          *|true
          *;q=0|false
          gzip;q=0, *|false
          """)
  void gzipIsSentOnlyToWhoTakesIt(String accepted, boolean sent) {
    assertThat(Accepted.of(accepted).gzip()).isEqualTo(sent);
  }

  @Test
  void theTypesAreThoseOfTheClientThatWritesThem() {
    assertThat(Format.TEXT.contentType()).isEqualTo(TextFormat.CONTENT_TYPE_004);
    assertThat(Format.OPEN_METRICS.contentType())
        .isEqualTo(TextFormat.CONTENT_TYPE_OPENMETRICS_100);
  }
}
