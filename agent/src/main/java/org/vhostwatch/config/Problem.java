package org.vhostwatch.config;

/**
 * Why a configuration is refused.
 *
 * @param origin where it stands; its place is the file alone if it is about the whole of it
 * @param key the key as it was written, printable; empty if there is none
 * @param what is wrong
 * @param right what would be right
 */
public record Problem(Origin origin, String key, String what, String right) {

  /** Returns it in one line: where, which key, what is wrong, what would be right. */
  public String text() {
    return origin.text() + ": " + (key.isEmpty() ? "" : key + ": ") + what + "; " + right;
  }
}
