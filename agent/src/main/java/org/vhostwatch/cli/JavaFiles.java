package org.vhostwatch.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The files of the Java that runs this. After an upgrade in place a JVM cannot start children any
 * more: it and the program that starts them for it do not match (openjdk/jdk pull request 24149).
 */
final class JavaFiles {

  /** Far less than the time between two censuses, each of which starts a child. */
  static final Duration PERIOD = Duration.ofSeconds(20);

  /**
   * Who sees a file missing so many times in a row, for a minute or more, sees no upgrade under way
   * but one that is over: some have a folder for each version, and remove the one before.
   */
  static final int MISSING_LOOKS = 4;

  private static final List<String> NAMES =
      List.of("lib/jspawnhelper", "lib/modules", "lib/server/libjvm.so");

  private final Path home;
  private final Map<String, String> present;
  private int missing;

  /**
   * Remembers them.
   *
   * @param home as in the property {@code java.home}
   */
  JavaFiles(Path home) {
    this.home = home;
    this.present = identities();
  }

  /**
   * Looks whether others have taken their places, or they are gone for good; false while an upgrade
   * is under way.
   */
  boolean replaced() {
    Map<String, String> now = identities();
    if (now.size() >= present.size()) {
      missing = 0;
      return !now.equals(present);
    }
    // A disk that fails does not say that they are gone, and there is nothing to be started anew.
    boolean gone = present.keySet().stream().anyMatch(name -> Files.notExists(home.resolve(name)));
    missing = gone ? missing + 1 : 0;
    return missing >= MISSING_LOOKS;
  }

  /** Runs something, once, when they were replaced. */
  void watch(Runnable then) {
    Thread thread =
        new Thread(
            () -> {
              try {
                do {
                  Thread.sleep(PERIOD.toMillis());
                } while (!replaced());
                then.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "java-files");
    thread.setDaemon(true);
    thread.start();
  }

  private Map<String, String> identities() {
    Map<String, String> found = new HashMap<>();
    for (String name : NAMES) {
      try {
        BasicFileAttributes file =
            Files.readAttributes(home.resolve(name), BasicFileAttributes.class);
        found.put(name, file.fileKey() + " " + file.size() + " " + file.lastModifiedTime());
      } catch (IOException e) {
        // Not there, or not yet again.
      }
    }
    return found;
  }
}
