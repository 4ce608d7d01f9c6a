package org.vhostwatch.http;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads a file of users: a line {@code USER:HASH} for each, {@code #} begins a comment. */
final class Passwords {

  private Passwords() {}

  static Map<String, PasswordHash> parse(Path file, byte[] content)
      throws Protection.UnusableException {
    Map<String, PasswordHash> users = new HashMap<>();
    List<String> lines = new String(content, StandardCharsets.UTF_8).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int colon = line.indexOf(':');
      Optional<PasswordHash> hash =
          colon < 1 ? Optional.empty() : PasswordHash.parse(line.substring(colon + 1));
      // Not the line itself: it may hold a password.
      if (hash.isEmpty()) {
        throw unusable(file, i, "right is USER:HASH, as `vhostwatch password USER` prints it");
      }
      if (users.put(line.substring(0, colon), hash.get()) != null) {
        throw unusable(file, i, "a user of an earlier line; right is each once");
      }
    }
    if (users.isEmpty()) {
      throw new Protection.UnusableException(
          file, "has no user; `vhostwatch password USER` prints a line for it", null);
    }
    return Map.copyOf(users);
  }

  private static Protection.UnusableException unusable(Path file, int line, String why) {
    return new Protection.UnusableException(file, "line " + (line + 1) + ": " + why, null);
  }
}
