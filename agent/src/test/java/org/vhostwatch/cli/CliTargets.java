package org.vhostwatch.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.vhostwatch.fuzz.Claim;
import org.vhostwatch.fuzz.FuzzTarget;

/** What answers on the daemon's port. */
public final class CliTargets {

  private CliTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "daemon-status",
            "what `vhostwatch status` gets from the daemon",
            4096,
            256 << 10,
            2048,
            () -> CliTargets::status));
  }

  private static void status(byte[] input) {
    DaemonStatus status;
    try {
      status = DaemonStatus.parse(new String(input, StandardCharsets.UTF_8));
    } catch (IOException e) {
      Claim.that(e.getMessage() != null, "refused without a reason");
      return;
    }
    Claim.printable(status.text());
    String plugin = status.plugin();
    Claim.that(plugin.endsWith("\n"), "a plugin's line without an end");
    Claim.line(plugin.substring(0, plugin.length() - 1));
    Claim.that(plugin.indexOf('|') == plugin.lastIndexOf('|'), "two bars", plugin);
  }
}
