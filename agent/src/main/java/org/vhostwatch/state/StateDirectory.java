package org.vhostwatch.state;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.vhostwatch.host.Ownership;

/**
 * A folder of small files, such as /var/lib/vhostwatch, or a folder in it. A file is replaced
 * atomically: whoever reads it, now or after a power cut, sees the old content or the new one.
 * Files are readable by their owner alone, because they hold names of VMs. A folder that others
 * could have put something into is not used: root acts on what lies there.
 *
 * <p>Several processes may use one folder; of two that write the same file one wins, whole.
 */
public final class StateDirectory {

  /** Where the state is kept unless the operator names another folder. */
  public static final Path DEFAULT = Path.of("/var/lib/vhostwatch");

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");
  private static final String UNFINISHED = ".unfinished-";

  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Path folder;

  /** The folder, and before it the one that this is a part of. */
  private final List<Path> trusted;

  /** Another process holds the lock that was asked for. */
  public static final class HeldException extends IOException {
    private static final long serialVersionUID = 1L;

    HeldException(Path lock) {
      super("another vhostwatch is at work (it holds " + lock + "); try again when it is done");
    }
  }

  /** Names a folder, which is made at the first write. */
  public StateDirectory(Path folder) {
    this(List.of(), folder.toAbsolutePath());
  }

  private StateDirectory(List<Path> above, Path folder) {
    this.folder = folder;
    List<Path> all = new ArrayList<>(above);
    all.add(folder);
    this.trusted = List.copyOf(all);
  }

  /** Returns the folder. */
  public Path path() {
    return folder;
  }

  /** Returns a folder in this one. */
  public StateDirectory in(String name) {
    return new StateDirectory(trusted, file(name));
  }

  /**
   * Makes sure that nobody else could have changed what lies here, or put it here.
   *
   * @throws NoSuchFileException if the folder is not there
   * @throws FileSystemException if somebody could; it names the folder, why, and the remedy
   */
  private void trust() throws IOException {
    for (Path each : trusted) {
      trust(each);
    }
  }

  private static void trust(Path folder) throws IOException {
    Optional<String> objection;
    try {
      objection = Ownership.objectionToContent(folder);
    } catch (AccessDeniedException e) {
      throw denied(folder, e);
    }
    if (objection.isPresent()) {
      throw new FileSystemException(folder.toString(), null, objection.get());
    }
  }

  /** Makes the folder, if it is not there; otherwise as {@link #trust()}. */
  private void make() throws IOException {
    for (Path each : trusted) {
      Files.createDirectories(each, OWNER_ONLY);
      trust(each);
    }
  }

  /**
   * Replaces a file, or makes it.
   *
   * @param name letters, digits, dots, dashes and underscores; at most 128
   * @throws IOException if it cannot be written, or others can write to the folder; the old
   *     content, if any, is still there then
   */
  public void write(String name, byte[] content) throws IOException {
    Path target = file(name);
    make();
    Path unfinished = folder.resolve(UNFINISHED + UUID.randomUUID());
    try {
      try (FileChannel out = NewFile.create(unfinished)) {
        ByteBuffer rest = ByteBuffer.wrap(content);
        while (rest.hasRemaining()) {
          out.write(rest);
        }
        out.force(true);
      }
      Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      try {
        Files.deleteIfExists(unfinished);
      } catch (IOException also) {
        e.addSuppressed(also);
      }
      // Its name is another each time, and nobody knows it.
      String why = e instanceof FileSystemException of ? of.getReason() : e.getMessage();
      if (why == null && e instanceof AccessDeniedException) {
        why = "access denied";
      }
      throw new IOException(target + " cannot be written" + (why == null ? "" : ": " + why), e);
    }
    // Without this the rename itself may be lost in a power cut.
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  /**
   * Returns a file's content, empty if there is no such file.
   *
   * @param maxBytes what is longer was not written by this program
   * @throws AccessDeniedException if this user may not read it, or not search its folder
   * @throws IOException if it cannot be read for another reason, is no plain file, is longer than
   *     {@code maxBytes}, or others can write to the folder
   */
  public Optional<byte[]> read(String name, int maxBytes) throws IOException {
    Path file = file(name);
    try {
      trust();
      // Not Files.exists or isRegularFile: what may not be looked at would not be there for them.
      if (!attributes(file).isRegularFile()) {
        throw new IOException(file + " is not a plain file");
      }
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] content = in.readNBytes(maxBytes);
      if (in.read() >= 0) {
        throw new IOException(file + " is longer than " + maxBytes + " bytes");
      }
      return Optional.of(content);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (AccessDeniedException e) {
      throw denied(file, e);
    }
  }

  private static BasicFileAttributes attributes(Path file) throws IOException {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (AccessDeniedException e) {
      throw denied(file, e);
    }
  }

  /** The message of what the system throws is the path alone. */
  private static AccessDeniedException denied(Path path, AccessDeniedException cause) {
    AccessDeniedException said =
        new AccessDeniedException(path.toString(), null, "may not be read by this user");
    said.initCause(cause);
    return said;
  }

  /**
   * Returns the names of the finished files, in order; none if the folder is not there.
   *
   * @throws AccessDeniedException if this user may not read the folder, or not search one above it
   * @throws IOException if it cannot be read for another reason, is no folder, or others can write
   *     to it
   */
  public List<String> names() throws IOException {
    List<String> names = new ArrayList<>();
    try {
      trust();
      list(names);
    } catch (NoSuchFileException e) {
      return names;
    } catch (AccessDeniedException e) {
      throw denied(folder, e);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    Collections.sort(names);
    return names;
  }

  private void list(List<String> names) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        if (NAME.matcher(name).matches() && Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)) {
          names.add(name);
        }
      }
    }
  }

  /**
   * Takes a lock that one process at a time holds, for reading a file and writing it anew. A
   * process that ends, however it ends, gives it back.
   *
   * @param name of the lock, as that of a file
   * @param patience how long to wait for it
   * @return the lock; close it to give it back
   * @throws HeldException if another holds it all that time
   * @throws IOException if the folder cannot be written, or others can write to it
   */
  public Closeable lock(String name, Duration patience) throws IOException, InterruptedException {
    Path file = file(name);
    make();
    FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
            NewFile.OWNER_ONLY);
    long end = System.nanoTime() + patience.toNanos();
    try {
      while (!locked(channel)) {
        if (System.nanoTime() - end >= 0) {
          throw new HeldException(file);
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
      return channel;
    } catch (IOException | InterruptedException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // by another thread of this process
    }
  }

  /** Removes a file, if it is there. */
  public void delete(String name) throws IOException {
    Files.deleteIfExists(file(name));
  }

  /**
   * Removes what a process that was killed while it wrote has left.
   *
   * @throws IOException if the folder cannot be read or written
   */
  public void removeUnfinished() throws IOException {
    removeUnfinished(unfinished -> true);
  }

  /**
   * Removes it if it is older than this: in a folder that others write to, what is young is being
   * written.
   *
   * @throws IOException if the folder cannot be read or written
   */
  public void removeUnfinished(Duration age) throws IOException {
    FileTime oldest = FileTime.from(Instant.now().minus(age));
    removeUnfinished(unfinished -> unfinished.lastModifiedTime().compareTo(oldest) < 0);
  }

  private void removeUnfinished(Predicate<BasicFileAttributes> which) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, UNFINISHED + "*")) {
      for (Path entry : entries) {
        removeUnfinished(entry, which);
      }
    } catch (NoSuchFileException e) {
      // No folder, so nothing in it.
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private static void removeUnfinished(Path file, Predicate<BasicFileAttributes> which)
      throws IOException {
    try {
      if (which.test(attributes(file))) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      // It has got its name meanwhile.
    }
  }

  private Path file(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("'" + name + "' is not a name of a state file");
    }
    return folder.resolve(name);
  }
}
