package org.vhostwatch.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Gives a target the inputs that Jazzer kept, as they reach all the code that any input reached,
 * without Jazzer: the code under test is as it ships, and so is what it costs.
 */
public final class Replay {

  private Replay() {}

  /**
   * Prints the most memory that one of them took, in bytes.
   *
   * @param args name of the target, folder of the inputs
   */
  public static void main(String[] args) throws Exception {
    Meter meter = new Meter(Targets.named(args[0]));
    for (Path input : files(Path.of(args[1]))) {
      try {
        meter.take(Files.readAllBytes(input));
      } catch (Exception | AssertionError e) {
        throw new AssertionError(input.toString(), e);
      }
    }
    System.out.println(meter.largest());
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
