package org.vhostwatch.metrics.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Holds the exposition to what it was: names, types, help and samples. After a change that is meant
 * so, {@code mvn test -Dtest=GoldenTest -Dgolden.update=true} writes the files anew; the difference
 * belongs into the commit, and docs/metrics.md into the same.
 */
class GoldenTest {

  @Test
  void textIsAsItWas() throws IOException {
    matches("golden.prom", Scrapes.golden("text/plain; version=0.0.4"));
  }

  @Test
  void openMetricsIsAsItWas() throws IOException {
    matches("golden.openmetrics", Scrapes.golden("application/openmetrics-text; version=1.0.0"));
  }

  private static void matches(String name, String text) throws IOException {
    Path file = Scrapes.RESOURCES.resolve(name);
    if (Boolean.getBoolean("golden.update")) {
      Files.createDirectories(Scrapes.RESOURCES);
      Files.writeString(file, text);
    }
    assertThat(text).isEqualTo(Files.readString(file));
  }
}
