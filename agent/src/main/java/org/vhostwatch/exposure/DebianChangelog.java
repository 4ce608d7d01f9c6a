package org.vhostwatch.exposure;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.vhostwatch.host.ProcFs;

/**
 * The changelog that a Debian package leaves in /usr/share/doc. Debian's kernel has one of 1.3 MB
 * that unpacks to 3.7 MB; what is far larger is not read to its end.
 */
final class DebianChangelog {

  private static final long MAX_BYTES = 32L << 20;
  private static final int MAX_LINE = 4 << 10;

  /** Packages that may hold the true changelog of a release; Ubuntu's signed image does not. */
  private static final List<String> PACKAGES =
      List.of(
          "linux-image-%s",
          "linux-binary-%s",
          "linux-modules-%s",
          "linux-image-unsigned-%s",
          "proxmox-kernel-%s-signed",
          "proxmox-kernel-%s",
          "pve-kernel-%s");

  private static final List<String> FILES = List.of("changelog.gz", "changelog.Debian.gz");

  private final ProcFs fs;

  DebianChangelog(ProcFs fs) {
    this.fs = fs;
  }

  /** Reads the changelog of the running kernel's package. */
  ChangelogResult read(String release, String packageVersion) {
    ChangelogResult last = ChangelogResult.NONE;
    if (release.isEmpty() || release.contains("/") || packageVersion.isEmpty()) {
      return last;
    }
    for (String name : PACKAGES) {
      for (String file : FILES) {
        String relative = "usr/share/doc/" + String.format(name, release) + "/" + file;
        Path path = fs.path(relative);
        if (Files.isRegularFile(path)) {
          last = read("/" + relative, path, packageVersion);
          if (last.mention().isPresent()) {
            return last;
          }
        }
      }
    }
    return last;
  }

  private static ChangelogResult read(String name, Path path, String packageVersion) {
    Changelog changelog = new Changelog(packageVersion);
    String trouble = "";
    try (InputStream in =
        new BufferedInputStream(
            new GZIPInputStream(Files.newInputStream(path), 64 << 10), 64 << 10)) {
      if (!lines(in, changelog)) {
        trouble = "is longer than " + (MAX_BYTES >> 20) + " MB unpacked and was not read on";
      } else if (!changelog.begun()) {
        trouble = "has no entry for " + packageVersion + ", which runs";
      }
    } catch (IOException e) {
      trouble = "cannot be read: " + e.getMessage();
    }
    return new ChangelogResult(name, changelog.mention(), trouble);
  }

  /** Gives the lines to the changelog, long ones cut; returns whether the limit sufficed. */
  private static boolean lines(InputStream in, Changelog changelog) throws IOException {
    byte[] line = new byte[MAX_LINE];
    int length = 0;
    long total = 0;
    for (int b = in.read(); b >= 0; b = in.read()) {
      if (++total > MAX_BYTES) {
        return false;
      }
      if (b != '\n') {
        if (length < MAX_LINE) {
          line[length++] = (byte) b;
        }
      } else {
        if (changelog.accept(new String(line, 0, length, StandardCharsets.UTF_8))) {
          return true;
        }
        length = 0;
      }
    }
    changelog.accept(new String(line, 0, length, StandardCharsets.UTF_8));
    return true;
  }
}
