package org.vhostwatch.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What Jazzer drives: it makes inputs of those that reached new code, for the target that the
 * property {@value #TARGET} names.
 */
public final class Fuzzer {

  private static final String TARGET = "vhostwatch.fuzz.target";

  /** Names the file that takes what the run cost. */
  private static final String REPORT = "vhostwatch.fuzz.report";

  /** What Jazzer puts into the code takes memory as well; {@link Flood} measures without it. */
  private static final int SLACK = 64;

  private static final Meter METER =
      new Meter(Targets.named(System.getProperty(TARGET, "")), Meter.MAX_NANOS, SLACK);

  private Fuzzer() {}

  /** Takes an input; Jazzer finds this method by its name. */
  public static void fuzzerTestOneInput(byte[] input) throws Exception {
    METER.take(input);
  }

  /** Writes what it cost; called by Jazzer when it ends, with a defect or without. */
  public static void fuzzerTearDown() throws IOException {
    String report = System.getProperty(REPORT);
    if (report != null) {
      Files.writeString(Path.of(report), METER.inputs() + " " + METER.slowest() / 1_000_000 + "\n");
    }
  }
}
