package org.vhostwatch.http;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Who may ask: HTTP's Basic authentication. To check a password is made to cost much CPU time, so
 * what was right is remembered, as a keyed hash, and what is new is checked one at a time.
 *
 * <p>An address that said a wrong one has to wait, and the others do not: who guesses must not keep
 * out Prometheus, of which nothing is remembered after a start. For those who have many addresses
 * nobody new is checked after a wrong password for as long as that took, so guessing costs this
 * host half a CPU at most.
 */
final class Access {

  private static final String CHALLENGE = "Basic realm=\"vhostwatch\", charset=\"UTF-8\"";

  /** Longer ones are not looked at. */
  private static final int MAX_CHARS = 1024;

  /** After a wrong password its address has to wait at least so long. */
  private static final long PENALTY_NANOS = 500_000_000;

  /** Or so many times what the check took, if that is longer: the others come between. */
  private static final int PENALTY_CHECKS = 4;

  /** Takes the place of a user that there is not: an answer takes the same time. */
  private static final PasswordHash NOBODY = PasswordHash.ofNobody();

  /**
   * What is in force.
   *
   * @param known users, by keyed hashes of what was right
   */
  private record Rules(Optional<Map<String, PasswordHash>> users, Map<String, String> known) {}

  private final byte[] secret = new byte[32];
  private final LongSupplier clock;

  /** Held by who checks; it guards what follows. */
  private final Object checking = new Object();

  private final Guessers guessers = new Guessers();
  private long nextCheck;

  private volatile Rules rules;

  Access(Protection protection) {
    this(protection, System::nanoTime);
  }

  /**
   * @param clock monotonic nanoseconds
   */
  Access(Protection protection, LongSupplier clock) {
    new SecureRandom().nextBytes(secret);
    this.clock = clock;
    nextCheck = clock.getAsLong();
    rules = new Rules(protection.users(), new ConcurrentHashMap<>());
  }

  /** Takes other users. Who was let in once still is, unless his password is another one now. */
  void change(Protection protection) {
    Rules before = rules;
    Map<String, PasswordHash> users = protection.users().orElse(Map.of());
    Map<String, PasswordHash> left = before.users().orElse(Map.of());
    Map<String, String> known = new ConcurrentHashMap<>(before.known());
    known
        .values()
        .removeIf(user -> !String.valueOf(users.get(user)).equals(String.valueOf(left.get(user))));
    rules = new Rules(protection.users(), known);
  }

  /**
   * Returns the answer to who may not ask; empty if he may.
   *
   * @param from his address
   */
  Optional<Response> refused(@Nullable String authorization, InetAddress from) {
    Rules now = rules;
    if (now.users().isEmpty()) {
      return Optional.empty();
    }
    if (authorization == null
        || authorization.length() > MAX_CHARS
        || !authorization.regionMatches(true, 0, "Basic ", 0, 6)) {
      return Optional.of(unauthorized());
    }
    String fingerprint = fingerprint(authorization);
    return now.known().containsKey(fingerprint)
        ? Optional.empty()
        : check(now, authorization.substring(6).strip(), fingerprint, from);
  }

  private Optional<Response> check(
      Rules now, String credentials, String fingerprint, InetAddress from) {
    String text;
    try {
      text = new String(Base64.getDecoder().decode(credentials), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return Optional.of(unauthorized());
    }
    int colon = text.indexOf(':');
    if (colon < 0) {
      return Optional.of(unauthorized());
    }
    synchronized (checking) {
      if (now.known().containsKey(fingerprint)) {
        return Optional.empty();
      }
      long begun = clock.getAsLong();
      if (begun - nextCheck < 0 || guessers.waits(from, begun)) {
        return Optional.of(
            Response.text(429, "wrong passwords came just before: try again")
                .with("Retry-After", "1"));
      }
      String user = text.substring(0, colon);
      PasswordHash hash = now.users().orElse(Map.of()).getOrDefault(user, NOBODY);
      if (hash.matches(text.substring(colon + 1).toCharArray()) && hash != NOBODY) {
        now.known().put(fingerprint, user);
        return Optional.empty();
      }
      long ended = clock.getAsLong();
      long took = ended - begun;
      nextCheck = ended + took;
      guessers.guessed(from, ended + Math.max(PENALTY_NANOS, PENALTY_CHECKS * took));
      return Optional.of(unauthorized());
    }
  }

  private static Response unauthorized() {
    return Response.text(401, "who asks has to say who it is").with("WWW-Authenticate", CHALLENGE);
  }

  private String fingerprint(String authorization) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      return Base64.getEncoder()
          .encodeToString(mac.doFinal(authorization.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
