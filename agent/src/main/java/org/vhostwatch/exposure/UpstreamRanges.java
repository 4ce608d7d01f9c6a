package org.vhostwatch.exposure;

import java.util.Map;

/**
 * Which upstream releases have the bug. Sources:
 *
 * <ul>
 *   <li>The cause is d3bb267bbdcb ("vhost: cache avail index in vhost_enable_notify()"), which came
 *       with 5.18-rc1: the fix names it in its {@code Fixes:} line.
 *   <li>7.1.5, 6.18.40, 6.12.97 and the mainline commit 09861858a683 are the ends of the ranges in
 *       the record of CVE-2026-74356; 6.12.97 is in Debian's changelog of linux 6.12.100-1 too.
 *   <li>6.1.191 is by Debian's changelog of linux 6.1.192-1, which lists what came with it.
 *   <li>7.2-rc1 is the first tag with the mainline commit.
 *   <li>6.6.y: the release with the fix was not found. A stable branch takes only what mainline
 *       has, and mainline had it with 7.2-rc1, about June 2026; 6.6.130 was there on 27 March 2026,
 *       so releases up to it cannot have it.
 *   <li>Other branches from 5.18 on had ended before March 2026, or (6.19, 7.0) the CVE record
 *       counts all of their releases as affected.
 * </ul>
 */
final class UpstreamRanges {

  private static final UpstreamVersion CAUSE = new UpstreamVersion(5, 18, 0, 1);
  private static final UpstreamVersion MAINLINE_FIX = new UpstreamVersion(7, 2, 0, 1);

  /** The first fixed release of each branch that got the fix. */
  private static final Map<String, Integer> FIXED_IN =
      Map.of("6.1", 191, "6.12", 97, "6.18", 40, "7.1", 5);

  private static final String UNDETERMINED = "6.6";
  private static final int CERTAINLY_BEFORE_THE_FIX = 130;

  private UpstreamRanges() {}

  /**
   * What a version says.
   *
   * @param reason completes "Linux 6.18.15 ..."
   */
  record Range(Exposure status, String reason) {}

  static Range of(UpstreamVersion version) {
    if (version.compareTo(CAUSE) < 0) {
      return new Range(
          Exposure.FIXED, "is not affected: the cause, d3bb267bbdcb (5.18), is not in it");
    }
    if (version.compareTo(MAINLINE_FIX) >= 0) {
      return new Range(Exposure.FIXED, "has the fix, which is in 7.2-rc1 and later");
    }
    String branch = version.branch();
    Integer fix = FIXED_IN.get(branch);
    if (fix != null) {
      return version.patch() >= fix
          ? new Range(
              Exposure.FIXED, "has the fix, which is in " + branch + "." + fix + " and later")
          : new Range(
              Exposure.AFFECTED,
              "is affected: from 5.18 on, and in " + branch + ".y before " + branch + "." + fix);
    }
    if (branch.equals(UNDETERMINED)) {
      return version.patch() <= CERTAINLY_BEFORE_THE_FIX
          ? new Range(Exposure.AFFECTED, "is affected: it is older than the fix (7.2-rc1)")
          : new Range(
              Exposure.UNKNOWN,
              "may have the fix: which release of 6.6.y got it is not known here");
    }
    return new Range(
        Exposure.AFFECTED,
        "is affected: from 5.18 on, and no release of " + branch + ".y has the fix");
  }

  /** Returns whether every kernel that is made from this version has the fix by descent. */
  static boolean descendsFromFix(UpstreamVersion version) {
    return version.compareTo(MAINLINE_FIX) >= 0;
  }
}
