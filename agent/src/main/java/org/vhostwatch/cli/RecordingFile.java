package org.vhostwatch.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.vhostwatch.evidence.Recording;
import org.vhostwatch.report.ExitCode;

/**
 * The file of a recording: whole, or not there. On a full disk the verdict is not lost with it, and
 * half a recording would only fail to be replayed.
 */
final class RecordingFile implements AutoCloseable {

  private final Path file;
  private final Recording recording;

  RecordingFile(Path file, Recording recording) {
    this.file = file;
    this.recording = recording;
  }

  /** Makes it; nobody's file is written over. */
  static RecordingFile create(Path file) throws Failure {
    try {
      return new RecordingFile(file, Recording.create(file));
    } catch (FileAlreadyExistsException e) {
      throw new Failure(ExitCode.USAGE, file + " exists; name a new file for the recording");
    } catch (IOException e) {
      throw new Failure(ExitCode.USAGE, "cannot write " + file + ": " + reason(e));
    }
  }

  private static String reason(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return "its folder is not there; make it, or name another file";
    }
    if (failure instanceof AccessDeniedException) {
      return "no permission to write there; name another file";
    }
    String words =
        failure instanceof FileSystemException of ? of.getReason() : failure.getMessage();
    return words == null ? failure.toString() : words;
  }

  Recording recording() {
    return recording;
  }

  /**
   * Writes what is left of it.
   *
   * @param before why it could not be written on
   * @return why there is none, in words; empty if it is whole
   */
  Optional<String> finish(Optional<IOException> before) {
    Optional<IOException> failure = before;
    try {
      // Most of it is in a buffer until now.
      recording.close();
    } catch (IOException e) {
      failure = failure.or(() -> Optional.of(e));
    }
    return failure.map(this::removed);
  }

  private String removed(IOException failure) {
    String words = "there is no recording: " + file + " cannot be written: " + failure.getMessage();
    try {
      Files.deleteIfExists(file);
      return words;
    } catch (IOException e) {
      return words + "; the part that is there cannot be removed: " + e;
    }
  }

  /** Leaves what there is, for want of an end; a second time it does nothing. */
  @Override
  public void close() throws IOException {
    recording.close();
  }
}
