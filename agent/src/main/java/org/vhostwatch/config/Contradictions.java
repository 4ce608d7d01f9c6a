package org.vhostwatch.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds settings that cannot both be meant. */
final class Contradictions {

  private Contradictions() {}

  /**
   * Looks for them.
   *
   * @param refused what is wrong by itself: what was meant there is not known
   */
  static List<Problem> in(Configuration configuration, List<Problem> refused) {
    List<Problem> problems = new ArrayList<>();
    Setting<Boolean> mitigates = configuration.setting(Keys.AUTO_MITIGATE);
    for (Key<?> key : List.of(Keys.MITIGATE_COOLDOWN, Keys.MITIGATE_LIMIT)) {
      Setting<?> setting = configuration.setting(key);
      // Who says how to mitigate thinks that it is done; who says no as well does not.
      if (setting.given() && !mitigates.given()) {
        problems.add(
            new Problem(
                setting.origin(),
                key.name(),
                "it is for auto-mitigate, which nothing turns on",
                "right is auto-mitigate = yes beside it, or = no to keep it for later"));
      }
    }
    if (refused.stream().noneMatch(problem -> problem.key().startsWith("tls-"))) {
      needs(configuration, Keys.TLS_CERTIFICATE, Keys.TLS_KEY).ifPresent(problems::add);
      needs(configuration, Keys.TLS_KEY, Keys.TLS_CERTIFICATE).ifPresent(problems::add);
    }
    return problems;
  }

  private static Optional<Problem> needs(
      Configuration configuration, Key<Optional<Path>> one, Key<Optional<Path>> other) {
    Setting<Optional<Path>> setting = configuration.setting(one);
    return setting.value().isPresent() && configuration.get(other).isEmpty()
        ? Optional.of(
            new Problem(
                setting.origin(),
                one.name(),
                "TLS takes a certificate and its key",
                "right is " + other + " beside it"))
        : Optional.empty();
  }
}
