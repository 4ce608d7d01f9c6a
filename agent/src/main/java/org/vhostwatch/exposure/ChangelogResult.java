package org.vhostwatch.exposure;

import java.util.Optional;

/**
 * What a changelog says of the fix.
 *
 * @param place of the changelog, in words; empty if there is none
 * @param mention the newest line that names the fix, in entries up to the running version
 * @param trouble why it tells nothing, empty if it was read to its end or a mention
 */
record ChangelogResult(String place, Optional<Changelog.Mention> mention, String trouble) {

  static final ChangelogResult NONE = new ChangelogResult("", Optional.empty(), "");
}
