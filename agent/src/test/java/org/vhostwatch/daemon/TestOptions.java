package org.vhostwatch.daemon;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.probe.Mode;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.state.StateDirectory;

/** The daemon as it runs by default, but without a ceiling. */
final class TestOptions {

  private TestOptions() {}

  /**
   * Returns options.
   *
   * @param root of the host's /proc and /sys
   * @param folder of scripts and of state
   */
  static DaemonOptions of(Path root, Path folder) {
    return new DaemonOptions(
        new ProcFs(root),
        new ProbeKit.Options(folder, Optional.empty(), Duration.ofSeconds(1)),
        Mode.SENTINEL,
        Settings.DEFAULT,
        Duration.ofSeconds(1),
        Duration.ofSeconds(60),
        Duration.ofSeconds(5),
        Duration.ofMinutes(10),
        Optional.empty(),
        new StateDirectory(folder.resolve("state")),
        new CeilingOptions(0, 0),
        "test");
  }

  static DaemonOptions withCensusPeriod(DaemonOptions options, Duration period) {
    return new DaemonOptions(
        options.fs(),
        options.probes(),
        options.mode(),
        options.settings(),
        options.cycle(),
        period,
        options.capture(),
        options.cooldown(),
        options.mitigation(),
        options.state(),
        options.ceiling(),
        options.version());
  }
}
