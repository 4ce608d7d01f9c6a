package org.vhostwatch.daemon;

import java.time.Duration;
import java.util.Optional;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.probe.Mode;
import org.vhostwatch.probe.ProbeKit;
import org.vhostwatch.state.StateDirectory;

/**
 * How the daemon works.
 *
 * @param fs the host's /proc and /sys
 * @param probes where scripts and bpftrace are
 * @param mode what stays attached while nothing is wrong
 * @param settings the detector's limits
 * @param cycle time between two looks at /proc and two verdicts
 * @param censusPeriod time between two censuses when nothing is suspicious
 * @param capture length of a capture of evidence
 * @param cooldown least time between two captures of one queue
 * @param mitigation how it may act by itself; empty if it may not
 * @param state folder of what is kept beyond a run
 * @param ceiling what it may cost before it takes its probes away
 * @param version of this program
 */
public record DaemonOptions(
    ProcFs fs,
    ProbeKit.Options probes,
    Mode mode,
    Settings settings,
    Duration cycle,
    Duration censusPeriod,
    Duration capture,
    Duration cooldown,
    Optional<MitigationOptions> mitigation,
    StateDirectory state,
    CeilingOptions ceiling,
    String version) {}
