package org.vhostwatch.config;

/** A text is no value of its key; the message says why. */
public final class BadValue extends Exception {
  private static final long serialVersionUID = 1L;

  BadValue(String message) {
    super(message);
  }

  /** Returns why. */
  public String why() {
    return String.valueOf(getMessage());
  }
}
