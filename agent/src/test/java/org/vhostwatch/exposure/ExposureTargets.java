package org.vhostwatch.exposure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.vhostwatch.fuzz.Claim;
import org.vhostwatch.fuzz.FuzzTarget;
import org.vhostwatch.fuzz.Scratch;
import org.vhostwatch.state.StateDirectory;

/** What tells whether a kernel has the bug. */
public final class ExposureTargets {

  private ExposureTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "kernel-version",
            "uname -r, uname -v and version_signature, a line each",
            512,
            128 << 10,
            2048,
            () -> ExposureTargets::version),
        new FuzzTarget(
            "changelog",
            "a kernel package's changelog",
            4096,
            64 << 10,
            1024,
            () -> ExposureTargets::changelog),
        new FuzzTarget(
            "drill-result",
            "drill.json in the state folder",
            2048,
            256 << 10,
            512,
            ExposureTargets::drill));
  }

  private static void version(byte[] input) {
    String[] lines = new String(input, StandardCharsets.UTF_8).split("\n", 3);
    KernelBase base =
        KernelBase.of(lines[0], lines.length > 1 ? lines[1] : "", lines.length > 2 ? lines[2] : "");
    base.upstream()
        .ifPresent(
            version ->
                Claim.same(
                    version, UpstreamVersion.parse(version.toString()).orElseThrow(), "a version"));
  }

  private static void changelog(byte[] input) {
    for (String from : List.of("", "6.1.192-2")) {
      Changelog changelog = new Changelog(from);
      for (String line : new String(input, StandardCharsets.UTF_8).lines().toList()) {
        if (changelog.accept(line)) {
          break;
        }
      }
      changelog
          .mention()
          .ifPresent(
              mention -> {
                Claim.that(changelog.begun(), "a mention before the running package");
                Claim.that(mention.line().length() <= 160, "a quote without an end");
              });
    }
  }

  private static FuzzTarget.Reader drill() {
    Scratch file = new Scratch("drill/drill.json");
    StateDirectory state = new StateDirectory(Scratch.root().resolve("drill"));
    return input -> {
      file.write(input);
      try {
        DrillRecord record = DrillRecord.read(state).orElseThrow();
        Claim.that(!record.spins() || record.kernel() != null, "a record without a kernel");
      } catch (IOException e) {
        Claim.that(e.getMessage() != null, "refused without a reason");
      }
    };
  }
}
