package org.vhostwatch.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.host.Ownership;
import org.vhostwatch.report.Printable;

/**
 * How the server protects what it says: TLS, passwords, both or nothing. Immutable; what the files
 * say later is another one.
 *
 * @param tls empty for plain HTTP
 * @param users empty if everybody may ask
 */
public record Protection(
    Optional<X509ExtendedKeyManager> tls, Optional<Map<String, PasswordHash>> users) {

  /** Neither. */
  public static final Protection NONE = new Protection(Optional.empty(), Optional.empty());

  /** A chain, a key and the passwords of a large site are smaller by far. */
  private static final int MAX_BYTES = 256 << 10;

  /** A file that cannot be used; the message names it, says why and what would be right. */
  public static final class UnusableException extends IOException {
    private static final long serialVersionUID = 1L;

    UnusableException(Path file, String why, @Nullable Throwable cause) {
      super(Printable.of(file.toString()) + ": " + why, cause);
    }
  }

  /**
   * Reads the files. Those that others could have changed are refused, and secrets that others can
   * read.
   *
   * @param certificate PEM file with the chain, the server's own certificate first
   * @param key PEM file with its key; given if and only if the certificate is
   * @param passwords file with a line {@code USER:HASH} for each user
   */
  public static Protection read(
      Optional<Path> certificate, Optional<Path> key, Optional<Path> passwords)
      throws UnusableException {
    Optional<X509ExtendedKeyManager> tls = Optional.empty();
    if (certificate.isPresent() && key.isPresent()) {
      tls =
          Optional.of(
              Tls.keys(
                  certificate.get(),
                  content(certificate.get(), false),
                  key.get(),
                  content(key.get(), true)));
    }
    Optional<Map<String, PasswordHash>> users = Optional.empty();
    if (passwords.isPresent()) {
      users = Optional.of(Passwords.parse(passwords.get(), content(passwords.get(), true)));
    }
    return new Protection(tls, users);
  }

  private static byte[] content(Path file, boolean secret) throws UnusableException {
    try {
      Optional<String> objection = Ownership.objectionTo(file);
      if (objection.isEmpty() && secret) {
        objection = Ownership.leak(file);
      }
      if (objection.isPresent()) {
        throw new UnusableException(file, objection.get(), null);
      }
      if (!Files.isRegularFile(file)) {
        throw new UnusableException(file, "not a plain file", null);
      }
      try (InputStream in = Files.newInputStream(file)) {
        byte[] content = in.readNBytes(MAX_BYTES + 1);
        if (content.length > MAX_BYTES) {
          throw new UnusableException(file, "longer than " + MAX_BYTES + " bytes", null);
        }
        return content;
      }
    } catch (UnusableException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new UnusableException(file, "there is no such file", e);
    } catch (AccessDeniedException e) {
      throw new UnusableException(file, "this user may not read it", e);
    } catch (IOException e) {
      throw new UnusableException(file, "cannot be read: " + e.getMessage(), e);
    }
  }
}
