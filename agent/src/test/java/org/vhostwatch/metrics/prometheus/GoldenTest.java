package org.vhostwatch.metrics.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.vhostwatch.metrics.Exposition;

/**
 * Holds the exposition to what it was: names, types, help and samples. After a change that is meant
 * so, {@code mvn test -Dtest=GoldenTest -Dgolden.update=true} writes the files anew; the difference
 * belongs into the commit, and docs/metrics.md into the same.
 */
class GoldenTest {

  @Test
  void textIsAsItWas() throws IOException {
    matches("golden.prom", Scrapes.golden(Exposition.Format.TEXT));
  }

  @Test
  void openMetricsIsAsItWas() throws IOException {
    matches("golden.openmetrics", Scrapes.golden(Exposition.Format.OPEN_METRICS));
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
