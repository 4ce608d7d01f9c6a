package org.vhostwatch.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Makes files that are readable by their owner alone. One call makes a file and opens it: in a
 * folder of others, a name that is opened a second time may be a link by then.
 */
public final class NewFile {

  static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private static final Set<StandardOpenOption> NEW =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

  private NewFile() {}

  /**
   * Makes a file, to write to it.
   *
   * @throws FileAlreadyExistsException if something has this name, be it a link to nowhere
   */
  public static FileChannel create(Path file) throws IOException {
    return FileChannel.open(file, NEW, OWNER_ONLY);
  }
}
