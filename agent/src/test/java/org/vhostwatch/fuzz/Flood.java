package org.vhostwatch.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Gives a target the inputs that Jazzer kept, as they reach all the code that any input reached,
 * and then damaged ones made of them, without Jazzer: the code under test is as it ships, and so is
 * what it costs.
 */
public final class Flood {

  /**
   * An endless loop is ended after so many looks, about ten seconds: of a clock it would seem one
   * whenever the machine stops for a while.
   */
  private static final int HANG_LOOKS = 20;

  private static final long LOOK_MILLIS = 500;

  private final Meter meter;
  private final Path defects;
  private volatile byte @Nullable [] present;

  private Flood(FuzzTarget target, Path defects) {
    this.meter = new Meter(target);
    this.defects = defects;
  }

  /**
   * Prints how many damaged inputs were given, the slowest in milliseconds and the most memory that
   * one took in bytes. An input that shows a defect is left in the second folder, as Jazzer does.
   *
   * @param args name of the target; folder of the inputs that Jazzer kept; folder for what shows a
   *     defect; how many damaged ones; seed of their dice; seconds after which no more are given, 0
   *     for no limit
   */
  public static void main(String[] args) throws Exception {
    FuzzTarget target = Targets.named(args[0]);
    List<byte[]> kept = new ArrayList<>();
    for (Path file : files(Path.of(args[1]))) {
      kept.add(Files.readAllBytes(file));
    }
    Flood flood = new Flood(target, Path.of(args[2]));
    long count = Long.parseLong(args[3]);
    long limit = Long.parseLong(args[5]) * 1_000_000_000L;
    Thread reader = Thread.currentThread();
    Thread watchdog = new Thread(() -> flood.watch(reader), "watchdog");
    watchdog.setDaemon(true);
    watchdog.start();
    for (byte[] input : kept) {
      flood.take(input);
    }
    Mutations mutations = new Mutations(Long.parseLong(args[4]));
    long begun = System.nanoTime();
    long given = 0;
    while (given < count && (limit == 0 || System.nanoTime() - begun < limit)) {
      flood.take(mutations.of(kept, target.maxBytes()));
      given++;
    }
    System.out.printf(
        "%d %d %d%n", given, flood.meter.slowest() / 1_000_000, flood.meter.largest());
  }

  private void take(byte[] input) throws IOException {
    present = input;
    try {
      meter.take(input);
    } catch (Exception | AssertionError e) {
      throw new AssertionError(keep("defect", input).toString(), e);
    } finally {
      present = null;
    }
  }

  /** Ends the program if an input takes too long. */
  private void watch(Thread reader) {
    try {
      byte[] before = null;
      int looks = 0;
      while (true) {
        Thread.sleep(LOOK_MILLIS);
        byte[] input = present;
        looks = input == before ? looks + 1 : 0;
        before = input;
        if (input != null && looks >= HANG_LOOKS) {
          System.err.println("== Java Exception: hangs: " + keep("hang", input));
          for (StackTraceElement element : reader.getStackTrace()) {
            System.err.println("\tat " + element);
          }
          Runtime.getRuntime().halt(1);
        }
      }
    } catch (InterruptedException | IOException e) {
      Runtime.getRuntime().halt(1);
    }
  }

  private Path keep(String kind, byte[] input) throws IOException {
    try {
      String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(input));
      return Files.write(defects.resolve(kind + "-" + sum), input);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
