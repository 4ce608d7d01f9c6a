package org.vhostwatch.exposure;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks for the fix in a changelog, newest entry first, one line at a time. The newest mention
 * counts, so a fix that was reverted later is no fix.
 */
final class Changelog {

  /** What changelogs call the fix. */
  private static final List<String> MENTIONS =
      List.of(
          "cve-2026-74356",
          "vhost: fix vhost_get_avail_idx for a non empty ring",
          // mainline, 7.1.y, 6.18.y, 6.12.y: the record of the CVE
          "09861858a683",
          "a9326b652bc7",
          "7f229d27bf27",
          "e11547100811");

  /** {@code linux-signed-amd64 (6.1.192+2) bookworm-security; urgency=high}. */
  private static final Pattern STANZA =
      Pattern.compile("([a-z0-9][a-z0-9+.-]+) \\(([^()\\s]+)\\) [^;]*;.*");

  /** A line is cut here when it is kept. */
  private static final int MAX_QUOTE = 160;

  private final String from;
  private boolean begun;
  private String stanza = "";
  private Optional<Mention> mention = Optional.empty();

  /**
   * @param from version of the running package: newer stanzas are of packages that are installed
   *     and do not run. Empty if all entries are of the running kernel
   */
  Changelog(String from) {
    this.from = from;
    this.begun = from.isEmpty();
  }

  /**
   * A line that names the fix.
   *
   * @param version of the entry that it is in, empty if not known
   * @param reverted whether it says that the fix was taken out again
   */
  record Mention(String version, String line, boolean reverted) {}

  /** Takes a line; returns whether there is no need for more. */
  boolean accept(String line) {
    Matcher header = STANZA.matcher(line);
    if (header.matches()) {
      stanza = version(header.group(1), header.group(2));
      begun |= stanza.equals(from);
      return false;
    }
    if (begun && mention.isEmpty()) {
      String lower = line.toLowerCase(Locale.ROOT);
      if (MENTIONS.stream().anyMatch(lower::contains)) {
        String quote = line.strip();
        mention =
            Optional.of(
                new Mention(
                    stanza,
                    quote.substring(0, Math.min(MAX_QUOTE, quote.length())),
                    lower.contains("revert")));
      }
    }
    return mention.isPresent();
  }

  /** Returns whether the entry of the running kernel was met. */
  boolean begun() {
    return begun;
  }

  Optional<Mention> mention() {
    return mention;
  }

  /** The package with Debian's signed image writes {@code 6.1.192+2} for linux 6.1.192-2. */
  private static String version(String source, String written) {
    return source.startsWith("linux-signed") ? written.replaceFirst("\\+", "-") : written;
  }
}
