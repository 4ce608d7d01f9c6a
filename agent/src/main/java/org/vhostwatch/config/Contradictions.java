package org.vhostwatch.config;

import java.util.ArrayList;
import java.util.List;

/** Finds settings that cannot both be meant. */
final class Contradictions {

  private Contradictions() {}

  static List<Problem> in(Configuration configuration) {
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
    return problems;
  }
}
