package org.vhostwatch.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.vhostwatch.fuzz.Claim;
import org.vhostwatch.fuzz.FuzzTarget;
import org.vhostwatch.fuzz.Scratch;

/** vhostwatch.conf. */
public final class ConfigTargets {

  private ConfigTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "configuration", "vhostwatch.conf", 2048, 2 << 20, 8192, ConfigTargets::reader));
  }

  private static FuzzTarget.Reader reader() {
    Scratch file = new Scratch("configuration/vhostwatch.conf");
    Scratch other = new Scratch("configuration/again.conf");
    return input -> {
      Configuration.Found found = find(file.write(input));
      found.problems().forEach(problem -> Claim.line(problem.text()));
      Claim.same(Keys.ALL.size(), found.configuration().settings().size(), "settings");
      StringBuilder text = new StringBuilder();
      for (Setting<?> setting : found.configuration().settings()) {
        if (setting.given()) {
          text.append(setting.key().name()).append(" = ").append(setting.text()).append('\n');
        }
      }
      if (text.length() > 0) {
        Configuration again =
            find(other.write(text.toString().getBytes(StandardCharsets.UTF_8))).configuration();
        for (Setting<?> setting : found.configuration().settings()) {
          Claim.same(setting.value(), again.setting(setting.key()).value(), setting.key().name());
        }
      }
    };
  }

  private static Configuration.Found find(Path file) {
    return Configuration.find(Map.of(), Map.of(), file, false);
  }
}
