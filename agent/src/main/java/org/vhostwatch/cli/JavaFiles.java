package org.vhostwatch.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The files of the Java that runs this. After an upgrade in place a JVM cannot start children any
 * more: it and the program that starts them for it do not match (openjdk/jdk pull request 24149).
 */
final class JavaFiles {

  /** Far less than the time between two censuses, each of which starts a child. */
  static final Duration PERIOD = Duration.ofSeconds(20);

  private static final List<String> NAMES =
      List.of("lib/jspawnhelper", "lib/modules", "lib/server/libjvm.so");

  private final Path home;
  private final List<String> present;

  /**
   * Remembers them.
   *
   * @param home as in the property {@code java.home}
   */
  JavaFiles(Path home) {
    this.home = home;
    this.present = identities();
  }

  /** Returns whether others have taken their places; false while an upgrade is under way. */
  boolean replaced() {
    List<String> now = identities();
    return now.size() >= present.size() && !now.equals(present);
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

  private List<String> identities() {
    List<String> found = new ArrayList<>();
    for (String name : NAMES) {
      try {
        BasicFileAttributes file =
            Files.readAttributes(home.resolve(name), BasicFileAttributes.class);
        found.add(name + " " + file.fileKey() + " " + file.size() + " " + file.lastModifiedTime());
      } catch (IOException e) {
        // Not there, or not yet again.
      }
    }
    return found;
  }
}
