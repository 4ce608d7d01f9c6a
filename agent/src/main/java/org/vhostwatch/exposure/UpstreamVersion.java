package org.vhostwatch.exposure;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of upstream's kernel.
 *
 * @param candidate number of the release candidate, {@link #RELEASE} for the release itself
 */
record UpstreamVersion(int major, int minor, int patch, int candidate)
    implements Comparable<UpstreamVersion> {

  static final int RELEASE = Integer.MAX_VALUE;

  /**
   * {@code 6.18.15}, {@code 7.2-rc1}, {@code 7.2.0-rc1+}, {@code 7.2~rc1}, and Fedora's {@code
   * 7.2.0-0.rc1}.
   */
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,3})\\.(\\d{1,3})(?:\\.(\\d{1,5}))?(?:[-~.](?:0\\.)?rc(\\d{1,3}))?.*");

  private static final Comparator<UpstreamVersion> ORDER =
      Comparator.comparingInt(UpstreamVersion::major)
          .thenComparingInt(UpstreamVersion::minor)
          .thenComparingInt(UpstreamVersion::patch)
          .thenComparingInt(UpstreamVersion::candidate);

  /** Returns the version that the text begins with. */
  static Optional<UpstreamVersion> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    return matcher.matches()
        ? Optional.of(
            new UpstreamVersion(
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                number(matcher.group(3), 0),
                number(matcher.group(4), RELEASE)))
        : Optional.empty();
  }

  private static int number(@org.jspecify.annotations.Nullable String digits, int otherwise) {
    return digits == null ? otherwise : Integer.parseInt(digits);
  }

  /** Returns the branch, as {@code 6.18}. */
  String branch() {
    return major + "." + minor;
  }

  @Override
  public int compareTo(UpstreamVersion other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return branch()
        + (patch == 0 ? "" : "." + patch)
        + (candidate == RELEASE ? "" : "-rc" + candidate);
  }
}
