package org.vhostwatch.report;

import java.util.Optional;
import org.vhostwatch.exposure.Clue;
import org.vhostwatch.exposure.KernelExposure;

/** Writes a kernel's exposure as an object of another one. */
final class ExposureJson {

  private ExposureJson() {}

  static void write(JsonText json, Optional<KernelExposure> exposure) {
    if (exposure.isEmpty()) {
      json.nothing("exposure");
    } else {
      json.object("exposure", fields -> summary(fields, exposure.get()));
    }
  }

  /** Writes what is said and why. */
  static void summary(JsonText json, KernelExposure exposure) {
    json.text("status", exposure.status().label());
    json.text("reason", exposure.reason());
    json.text("decided_by", exposure.decidedBy().map(source -> lower(source)).orElse(null));
    json.name("upstream", exposure.upstream());
  }

  static void clue(JsonText json, Clue clue) {
    json.constant("source", clue.source())
        .text("says", clue.says().label())
        .flag("decides", clue.decides())
        .text("text", clue.text());
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(java.util.Locale.ROOT);
  }
}
