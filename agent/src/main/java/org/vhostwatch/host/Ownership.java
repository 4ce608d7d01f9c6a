package org.vhostwatch.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Who could have changed what root acts on. */
public final class Ownership {

  private static final int OTHERS_WRITE = 0022;
  private static final int OTHERS_READ = 0004;
  private static final int STICKY = 01000;

  private Ownership() {}

  /**
   * Returns why a file or folder is not to be trusted, and the remedy; empty if nobody but root and
   * the user that runs this can change it.
   */
  public static Optional<String> objection(Path path) throws IOException {
    // In a folder with the sticky bit others cannot replace what is not theirs.
    return objection(path, true);
  }

  /**
   * Returns why what lies in a folder is not to be trusted, whosever it is, and the remedy: with
   * the sticky bit, too, others could have put it there first.
   */
  public static Optional<String> objectionToContent(Path folder) throws IOException {
    return objection(folder, false);
  }

  private static Optional<String> objection(Path path, boolean sticky) throws IOException {
    int owner = (Integer) Files.getAttribute(path, "unix:uid");
    int self = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (owner != 0 && owner != self) {
      return Optional.of("owned by user " + owner + "; make root its owner");
    }
    int mode = (Integer) Files.getAttribute(path, "unix:mode");
    boolean kept = sticky && Files.isDirectory(path) && (mode & STICKY) != 0;
    return (mode & OTHERS_WRITE) != 0 && !kept
        ? Optional.of("writable by others; run chmod go-w on it")
        : Optional.empty();
  }

  /**
   * Returns why a file, or the folder that it lies in, is not to be trusted: who can change a
   * folder can put another file there.
   */
  public static Optional<String> objectionTo(Path file) throws IOException {
    for (Path place : List.of(file.toAbsolutePath(), file.toRealPath())) {
      Optional<String> objection = objection(place.resolveSibling("."));
      if (objection.isPresent()) {
        return objection.map(words -> "its folder is " + words);
      }
    }
    return objection(file);
  }

  /** Returns why a file is no secret, and the remedy; empty if only owner and group can read it. */
  public static Optional<String> leak(Path file) throws IOException {
    int mode = (Integer) Files.getAttribute(file, "unix:mode");
    return (mode & OTHERS_READ) != 0
        ? Optional.of("readable by everybody; run chmod o-rwx on it")
        : Optional.empty();
  }
}
