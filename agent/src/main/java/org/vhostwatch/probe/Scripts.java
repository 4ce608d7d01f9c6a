package org.vhostwatch.probe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.vhostwatch.host.Ownership;

/** The script templates of a folder, checked before they may run as root. */
public final class Scripts {

  private static final int MAX_BYTES = 256 << 10;

  private final ScriptTemplate census;
  private final ScriptTemplate sentinel;
  private final ScriptTemplate evidence;
  private final ScriptTemplate histograms;
  private final Optional<ScriptTemplate> stack;

  private Scripts(
      ScriptTemplate census,
      ScriptTemplate sentinel,
      ScriptTemplate evidence,
      ScriptTemplate histograms,
      Optional<ScriptTemplate> stack) {
    this.census = census;
    this.sentinel = sentinel;
    this.evidence = evidence;
    this.histograms = histograms;
    this.stack = stack;
  }

  /**
   * Reads census.bt, sentinel.bt, evidence.bt and histograms.bt, and stack.bt if there is one.
   *
   * @throws PlanException if one is missing, too large, or could have been changed by somebody who
   *     is neither root nor the user that runs this
   */
  public static Scripts read(Path folder) throws PlanException {
    return new Scripts(
        template(folder, "census.bt"),
        template(folder, "sentinel.bt"),
        template(folder, "evidence.bt"),
        template(folder, "histograms.bt"),
        // A folder of one's own may be of a version before it.
        Files.exists(folder.resolve("stack.bt"))
            ? Optional.of(template(folder, "stack.bt"))
            : Optional.empty());
  }

  ScriptTemplate census() {
    return census;
  }

  ScriptTemplate sentinel() {
    return sentinel;
  }

  ScriptTemplate evidence() {
    return evidence;
  }

  ScriptTemplate histograms() {
    return histograms;
  }

  /** Returns the script without probes, empty if the folder has none. */
  Optional<ScriptTemplate> stack() {
    return stack;
  }

  private static ScriptTemplate template(Path folder, String name) throws PlanException {
    Path file = folder.resolve(name);
    try {
      check(folder);
      check(file);
      if (Files.size(file) > MAX_BYTES) {
        throw new PlanException(file + ": larger than " + MAX_BYTES + " bytes: not our script");
      }
      return new ScriptTemplate(Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new PlanException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** What runs as root must not be another user's to change. */
  private static void check(Path path) throws IOException, PlanException {
    Optional<String> objection = Ownership.objection(path);
    if (objection.isPresent()) {
      throw new PlanException(path + ": " + objection.get());
    }
  }
}
