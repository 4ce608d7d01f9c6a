package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Holds the table of docs/configuration.md to the keys. To make it anew: {@code mvn test
 * -Dtest=ConfigurationPageTest -Dvhostwatch.update=true}.
 */
class ConfigurationPageTest {

  private static final Path PAGE = Path.of("..", "docs", "configuration.md");

  @Test
  void theTableHasARowForEachKeyAndNoOther() throws IOException {
    List<String> lines = Files.readAllLines(PAGE);
    int begin = lines.indexOf("| key | default | right is | takes | what it is |") + 2;
    int end = begin;
    while (lines.get(end).startsWith("|")) {
      end++;
    }
    List<String> rows = ConfigurationPages.rows();
    if (Boolean.getBoolean("vhostwatch.update")) {
      List<String> page = new ArrayList<>(lines.subList(0, begin));
      page.addAll(rows);
      page.addAll(lines.subList(end, lines.size()));
      Files.write(PAGE, page);
    } else {
      assertThat(lines.subList(begin, end)).isEqualTo(rows);
    }
  }
}
