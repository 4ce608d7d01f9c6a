package org.vhostwatch.exposure;

/**
 * Something that tells about this kernel.
 *
 * @param source where it is from
 * @param says what it says alone; UNKNOWN if nothing
 * @param decides whether the rating rests on it
 * @param text in words; may hold text of foreign origin, unescaped
 */
public record Clue(Source source, Exposure says, boolean decides, String text) {

  /** Where clues are from, strongest first. */
  public enum Source {
    /** The result of {@code vhostwatch drill} on this boot. */
    DRILL,
    /** Where the module vhost is from. */
    MODULE,
    /** The changelog of the running kernel's package. */
    CHANGELOG,
    /** Live patches that replace functions of vhost. */
    LIVEPATCH,
    /** The upstream version that this kernel is made from. */
    VERSION,
    /** Which functions the kernel has. */
    SYMBOLS
  }
}
