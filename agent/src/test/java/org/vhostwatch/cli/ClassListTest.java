package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The list of classes that are archived is that of this program, about: `bench/classes`. */
class ClassListTest {

  private static final Path LIST = Path.of("src/main/cds/classes.lst");
  private static final Path CLASSES = Path.of("target/classes");

  @Test
  void almostAllOfOurClassesInTheListAreThere() throws IOException {
    List<String> ours =
        Files.readAllLines(LIST).stream()
            .filter(name -> name.startsWith("org/vhostwatch/"))
            .toList();
    List<String> gone =
        ours.stream().filter(name -> !Files.exists(CLASSES.resolve(name + ".class"))).toList();
    assertThat(ours).hasSizeGreaterThan(200);
    assertThat(gone).as("no more classes: run bench/classes").hasSizeLessThan(ours.size() / 10);
  }

  @Test
  void theListHasNoOtherLinesThanNames() throws IOException {
    assertThat(Files.readAllLines(LIST))
        .isSorted()
        .doesNotHaveDuplicates()
        .allMatch(line -> line.matches("[A-Za-z_$][\\w$/-]*"), "is a class");
  }
}
