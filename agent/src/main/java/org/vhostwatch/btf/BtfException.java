package org.vhostwatch.btf;

/**
 * BTF that cannot be read, is damaged, or does not have what was asked for. The message names the
 * file and, where there is one, the type id and the byte position in the file.
 */
public final class BtfException extends Exception {
  private static final long serialVersionUID = 1L;

  BtfException(String message) {
    super(message);
  }

  BtfException(String message, Throwable cause) {
    super(message, cause);
  }
}
