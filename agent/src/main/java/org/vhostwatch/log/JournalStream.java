package org.vhostwatch.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Tells whether stderr goes to the journal. */
final class JournalStream {

  /** What systemd sets to the device and inode of the stream that it made; see systemd.exec(5). */
  private static final String VARIABLE = "JOURNAL_STREAM";

  private JournalStream() {}

  /**
   * Returns whether this is the stream that systemd made: a process may inherit the variable, and
   * then write to somewhere else.
   *
   * @param stream a file of {@code /proc/self/fd}
   */
  static boolean is(Path stream, Map<String, String> environment) {
    String wanted = environment.getOrDefault(VARIABLE, "");
    if (wanted.isEmpty()) {
      return false;
    }
    try {
      Map<String, Object> file = Files.readAttributes(stream, "unix:dev,ino");
      return wanted.equals(file.get("dev") + ":" + file.get("ino"));
    } catch (IOException e) {
      return false;
    }
  }
}
