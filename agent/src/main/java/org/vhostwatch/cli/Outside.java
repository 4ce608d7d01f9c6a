package org.vhostwatch.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vhostwatch.config.Configuration;
import org.vhostwatch.config.Key;
import org.vhostwatch.config.Keys;
import org.vhostwatch.host.Ownership;

/**
 * What a configuration names and would not work now. The daemon starts all the same: a program that
 * pages, or a folder, may come later. But whoever checks wants to know before the first livelock.
 */
final class Outside {

  private Outside() {}

  /** Returns one line for each. */
  static List<String> doubts(Configuration configuration) {
    List<String> doubts = new ArrayList<>();
    List<String> command = configuration.get(Keys.ON_INCIDENT);
    if (!command.isEmpty()) {
      Path program = Path.of(command.get(0));
      program(program).ifPresent(why -> doubts.add(line(Keys.ON_INCIDENT, program, why)));
    }
    configuration
        .get(Keys.TEXTFILE_DIR)
        .filter(folder -> !Files.isDirectory(folder))
        .ifPresent(folder -> doubts.add(line(Keys.TEXTFILE_DIR, folder, "is no folder")));
    Path state = configuration.get(Keys.STATE_DIR);
    if (Files.exists(state)) {
      state(state).ifPresent(why -> doubts.add(line(Keys.STATE_DIR, state, why)));
    }
    return doubts;
  }

  private static Optional<String> state(Path folder) {
    try {
      return Files.isDirectory(folder)
          ? Ownership.objectionToContent(folder).map(words -> "is not used: it is " + words)
          : Optional.of("is no folder");
    } catch (IOException e) {
      return Optional.of(DaemonClient.why(e));
    }
  }

  private static Optional<String> program(Path program) {
    try {
      Optional<String> objection = Ownership.objectionTo(program).map(words -> "it is " + words);
      return objection.isPresent() || Files.isExecutable(program)
          ? objection
          : Optional.of("it is no program that can be run");
    } catch (IOException e) {
      return Optional.of(DaemonClient.why(e));
    }
  }

  private static String line(Key<?> key, Path what, String why) {
    return key.name() + ": " + what + ": " + why;
  }
}
