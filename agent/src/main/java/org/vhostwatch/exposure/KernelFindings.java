package org.vhostwatch.exposure;

import java.util.Optional;

/**
 * All that was found about the running kernel.
 *
 * @param release as {@code uname -r}
 * @param base who built it, from what
 * @param drill the drill's result, if it is of this boot, this kernel and this code
 * @param drillNote why a result that is there does not count, or could not be read; else empty
 * @param outOfTree whether the loaded module vhost was built outside of the kernel's tree
 * @param livepatches the live patches that replace functions of vhost
 * @param changelog where the changelog is and what it says; empty if there is none
 * @param availIdxFunction whether the kernel has vhost_get_avail_idx as a function of its own;
 *     empty if not looked at
 */
record KernelFindings(
    String release,
    KernelBase base,
    Optional<DrillRecord> drill,
    String drillNote,
    boolean outOfTree,
    Livepatches livepatches,
    Optional<ChangelogResult> changelog,
    Optional<Boolean> availIdxFunction) {}
