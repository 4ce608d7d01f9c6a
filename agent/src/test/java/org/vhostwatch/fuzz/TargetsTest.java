package org.vhostwatch.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each target reads whole inputs, those that once showed a defect, and some damaged ones. For
 * millions there is `agent/fuzz`.
 */
class TargetsTest {

  /** {@code TARGET/NAME}: whole inputs; {@code TARGET/found-NAME}: those that showed a defect. */
  private static final Path INPUTS = Path.of("src/test/resources/org/vhostwatch/fuzz");

  private static final int DAMAGED = Integer.getInteger("vhostwatch.fuzz.inputs", 200);
  private static final long SEED = Long.getLong("seed", 20261127L);

  static Stream<String> names() {
    return Targets.ALL.stream().map(FuzzTarget::name);
  }

  @ParameterizedTest
  @MethodSource("names")
  void inputsThatShowedADefectAndWholeOnesAreRead(String name) throws IOException {
    FuzzTarget target = Targets.named(name);
    Meter meter = new Meter(target);
    List<Path> files = files(name);
    assertThat(files).as("inputs of %s", name).isNotEmpty();
    for (Path file : files) {
      byte[] input = Files.readAllBytes(file);
      assertThat(input.length).as("%s", file).isLessThanOrEqualTo(target.maxBytes());
      assertThatCode(() -> meter.take(input)).as("%s", file).doesNotThrowAnyException();
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void damagedInputsAreReadOrRefusedAndNothingElse(String name) throws IOException {
    FuzzTarget target = Targets.named(name);
    Meter meter = new Meter(target);
    Mutations mutations = new Mutations(SEED);
    List<byte[]> whole = new ArrayList<>();
    for (Path file : files(name)) {
      whole.add(Files.readAllBytes(file));
    }
    for (int i = 0; i < DAMAGED; i++) {
      byte[] input = mutations.of(whole, target.maxBytes());
      int round = i;
      assertThatCode(() -> meter.take(input))
          .as(
              () ->
                  "-Dseed="
                      + SEED
                      + ", input "
                      + round
                      + " of "
                      + name
                      + ", in base64 "
                      + Base64.getEncoder().encodeToString(input))
          .doesNotThrowAnyException();
    }
    assertThat(meter.inputs()).isEqualTo(DAMAGED);
  }

  @Test
  void eachFolderOfInputsIsOfATarget() throws IOException {
    try (Stream<Path> folders = Files.list(INPUTS)) {
      assertThat(folders.map(folder -> String.valueOf(folder.getFileName())))
          .containsExactlyInAnyOrderElementsOf(names().toList());
    }
  }

  private static List<Path> files(String name) throws IOException {
    try (Stream<Path> files = Files.list(INPUTS.resolve(name))) {
      return files.sorted().toList();
    }
  }
}
