package org.vhostwatch.http;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * A password that cannot be read back: PBKDF2 with HMAC-SHA-256, which every Java has, written as
 * {@code $pbkdf2-sha256$ROUNDS$SALT$HASH} with base64, as other programs write it too.
 */
public final class PasswordHash {

  /** Half a second of a slow CPU at most, once for each user: what was right is remembered. */
  private static final int ROUNDS = 210_000;

  private static final int MIN_ROUNDS = 10_000;

  /** More would let a wrong password cost many seconds. */
  private static final int MAX_ROUNDS = 1_000_000;

  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 32;

  /** Some write base64 with {@code .} for {@code +}, and without padding. */
  private static final Pattern FORM =
      Pattern.compile(
          "\\$pbkdf2-sha256\\$(?:i=)?(\\d{5,7})\\$([A-Za-z0-9+/.]{11,86})={0,2}"
              + "\\$([A-Za-z0-9+/.]{43})=?");

  private final int rounds;
  private final byte[] salt;
  private final byte[] hash;

  private PasswordHash(int rounds, byte[] salt, byte[] hash) {
    this.rounds = rounds;
    this.salt = salt;
    this.hash = hash;
  }

  /** Makes one of a password, with a salt of its own. */
  public static PasswordHash of(char[] password) {
    byte[] salt = new byte[SALT_BYTES];
    new SecureRandom().nextBytes(salt);
    return new PasswordHash(ROUNDS, salt, derive(password, salt, ROUNDS));
  }

  /**
   * Returns one that no password matches. To find that out takes as long as with any other, while
   * to make it takes nothing: no password was hashed for it.
   */
  static PasswordHash ofNobody() {
    SecureRandom random = new SecureRandom();
    byte[] salt = new byte[SALT_BYTES];
    byte[] hash = new byte[HASH_BYTES];
    random.nextBytes(salt);
    random.nextBytes(hash);
    return new PasswordHash(ROUNDS, salt, hash);
  }

  static Optional<PasswordHash> parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      return Optional.empty();
    }
    int rounds = Integer.parseInt(form.group(1));
    try {
      return rounds < MIN_ROUNDS || rounds > MAX_ROUNDS
          ? Optional.empty()
          : Optional.of(new PasswordHash(rounds, decoded(form.group(2)), decoded(form.group(3))));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static byte[] decoded(String text) {
    return Base64.getDecoder().decode(text.replace('.', '+'));
  }

  /** Returns whether this is the password; takes the time that the rounds take. */
  boolean matches(char[] password) {
    return MessageDigest.isEqual(hash, derive(password, salt, rounds));
  }

  private static byte[] derive(char[] password, byte[] salt, int rounds) {
    PBEKeySpec spec = new PBEKeySpec(password, salt, rounds, HASH_BYTES * 8);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    } finally {
      spec.clearPassword();
    }
  }

  /** Returns what stands in the file. */
  @Override
  public String toString() {
    Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
    return "$pbkdf2-sha256$"
        + rounds
        + "$"
        + base64.encodeToString(salt)
        + "$"
        + base64.encodeToString(hash);
  }
}
