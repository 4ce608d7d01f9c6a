package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;

/** The bpftrace of this machine, and programs that only claim to be one. */
final class RealBpftrace {

  private RealBpftrace() {}

  /** Returns the real one. Without it these tests fail: they would prove nothing. */
  static Bpftrace find(Spawner spawner) throws InterruptedException {
    try {
      return Bpftrace.find(spawner, Optional.empty(), Duration.ofSeconds(20));
    } catch (Bpftrace.MissingException e) {
      return fail(
          "this test needs the real bpftrace (as root: apt-get install bpftrace): "
              + e.getMessage());
    }
  }

  /** Writes a shell script that stands for bpftrace. */
  static Path fake(Path folder, String body) throws IOException {
    Path file = Files.createTempFile(folder, "bpftrace", "");
    Files.writeString(file, "#!/bin/sh\n" + body + "\n", StandardCharsets.UTF_8);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return file;
  }
}
