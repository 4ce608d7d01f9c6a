package org.vhostwatch.fuzz;

import java.util.function.Supplier;

/**
 * Something that reads input of others, and what one input may cost.
 *
 * @param name of the target, and of the folder with its inputs
 * @param what it reads, in a few words
 * @param maxBytes the longest input that is tried; the reader's own limits are tested elsewhere
 * @param fixedBytes memory that an input may take, however short it is
 * @param bytesPerByte memory that it may take on top for each byte of it
 * @param open makes the reader; called once, as a reader may need files or threads
 */
public record FuzzTarget(
    String name,
    String what,
    int maxBytes,
    long fixedBytes,
    long bytesPerByte,
    Supplier<Reader> open) {

  /** Reads inputs, and holds the result against what must be true of it. */
  public interface Reader {
    /**
     * Reads one.
     *
     * @throws Exception if the code under test threw one that it does not declare: a defect
     * @throws AssertionError if something is not true that must be: a defect
     */
    void read(byte[] input) throws Exception;
  }

  /** Returns how many bytes of memory an input of this length may take, all in all. */
  long budget(int length) {
    return fixedBytes + bytesPerByte * length;
  }
}
