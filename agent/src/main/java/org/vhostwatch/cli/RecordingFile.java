package org.vhostwatch.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.vhostwatch.evidence.Recording;
import org.vhostwatch.report.ExitCode;
import org.vhostwatch.state.WholeFile;

/**
 * The file of a recording: whole, or not there. On a full disk the verdict is not lost with it, and
 * half a recording would only fail to be replayed.
 */
final class RecordingFile implements AutoCloseable {

  private static final int BUFFER = 64 << 10;

  private final Path file;
  private final Optional<WholeFile> made;
  private final Recording recording;

  private RecordingFile(Path file, Optional<WholeFile> made, OutputStream out) throws IOException {
    this.file = file;
    this.made = made;
    this.recording = Recording.to(new BufferedOutputStream(out, BUFFER));
  }

  /**
   * Begins it; nobody's file is written over, and it holds names of VMs: only its owner may read
   * it. On a disk that takes no files it is one that fails at its end.
   *
   * @throws Failure if another name would do
   */
  static RecordingFile create(Path file) throws Failure, IOException {
    try {
      WholeFile made = WholeFile.create(file);
      return new RecordingFile(file, Optional.of(made), made.out());
    } catch (FileAlreadyExistsException e) {
      throw new Failure(ExitCode.USAGE, file + " exists; name a new file for the recording");
    } catch (NoSuchFileException | AccessDeniedException e) {
      throw new Failure(ExitCode.USAGE, "cannot write " + file + ": " + reason(e));
    } catch (IOException e) {
      return failing(file, e);
    }
  }

  /** Returns one that cannot be written, for this reason. */
  static RecordingFile failing(Path file, IOException why) throws IOException {
    OutputStream none =
        new OutputStream() {
          @Override
          public void write(int one) throws IOException {
            throw why;
          }
        };
    return new RecordingFile(file, Optional.empty(), none);
  }

  private static String reason(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return "its folder is not there; make it, or name another file";
    }
    if (failure instanceof AccessDeniedException) {
      return "no permission to write there; name another file";
    }
    if (failure instanceof FileAlreadyExistsException) {
      return "it exists by now";
    }
    String words =
        failure instanceof FileSystemException of ? of.getReason() : failure.getMessage();
    return words == null ? failure.toString() : words;
  }

  Recording recording() {
    return recording;
  }

  /**
   * Writes what is left of it, and gives it its name.
   *
   * @param before why it could not be written on
   * @return why there is none, in words; empty if it is whole
   */
  Optional<String> finish(Optional<IOException> before) {
    Optional<IOException> failure = before;
    try {
      // Most of it is in a buffer until now.
      recording.close();
      if (failure.isEmpty() && made.isPresent()) {
        made.get().finish();
      }
    } catch (IOException e) {
      failure = failure.or(() -> Optional.of(e));
    }
    return failure.map(this::removed);
  }

  private String removed(IOException failure) {
    String words = "there is no recording: " + file + " cannot be written: " + reason(failure);
    try {
      close();
      return words;
    } catch (IOException e) {
      return words + "; the part that is there cannot be removed: " + e;
    }
  }

  /** Removes what there is, for want of an end; a second time it does nothing. */
  @Override
  public void close() throws IOException {
    if (made.isPresent()) {
      made.get().close();
    }
  }
}
