package org.vhostwatch.exposure;

import java.io.IOException;
import java.nio.file.Files;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.state.Sha256;

/**
 * What an experiment on this kernel is true of: this boot, this kernel, and this code of vhost. A
 * module that is loaded again from another file, or a live patch, makes it another.
 *
 * @param bootId of this boot, from /proc/sys/kernel/random/boot_id
 * @param release as {@code uname -r}
 * @param version as {@code uname -v}
 * @param code what tells the code of vhost from another
 * @param moving whether a live patch is in transition: some tasks run the code without it, others
 *     with it, so nothing that is tried now is true of either
 */
public record KernelIdentity(
    String bootId, String release, String version, String code, boolean moving) {

  private static final int SMALL = 4 << 10;

  /** There may be hundreds of live patches; the hash of a longer text stands for it. */
  private static final int MAX_TEXT = 1 << 10;

  /** Reads it; the parts that cannot be read are empty. */
  public static KernelIdentity read(ProcFs fs) {
    StringBuilder code = new StringBuilder();
    for (String module : List.of("vhost", "vhost_net")) {
      code.append(module).append(' ').append(module(fs, "sys/module/" + module)).append("; ");
    }
    Livepatches patches = Livepatches.read(fs);
    Set<String> names = new TreeSet<>(patches.replacing());
    names.addAll(patches.hidden());
    String live =
        names.stream()
            .map(name -> name + " " + loaded(fs, "sys/module/" + name))
            .collect(Collectors.joining(", ", "[", "]"));
    code.append("live patches ")
        .append(live.length() > MAX_TEXT ? HexFormat.of().formatHex(Sha256.of(live)) : live);
    return new KernelIdentity(
        fs.text("proc/sys/kernel/random/boot_id", SMALL).orElse(""),
        fs.text("proc/sys/kernel/osrelease", SMALL).orElse(""),
        fs.text("proc/sys/kernel/version", SMALL).orElse(""),
        code.toString(),
        !patches.moving().isEmpty());
  }

  /**
   * Returns why an experiment that was begun on this kernel and ended on {@code after} proves
   * nothing; empty if it does.
   */
  public String objection(KernelIdentity after) {
    if (moving || after.moving) {
      return "a live patch is in transition, so old and new code ran side by side: try again when"
          + " that is over";
    }
    return equals(after) ? "" : "the module vhost or its live patches changed meanwhile: try again";
  }

  /** A hash of the sources where the module has one, else the linker's of the binary. */
  private static String module(ProcFs fs, String directory) {
    Optional<String> sources = fs.text(directory + "/srcversion", SMALL);
    if (sources.isPresent()) {
      return sources.get();
    }
    return fs.read(directory + "/notes/.note.gnu.build-id", SMALL)
        .map(note -> HexFormat.of().formatHex(note))
        .orElse(fs.exists(directory + "/initstate") ? "loaded" : "not a module");
  }

  /** Whose file has no hash is told from its successor by the folder, which is a new one. */
  private static String loaded(ProcFs fs, String directory) {
    try {
      return module(fs, directory) + " " + Files.getAttribute(fs.path(directory), "unix:ino");
    } catch (IOException e) {
      return "not a module";
    }
  }
}
