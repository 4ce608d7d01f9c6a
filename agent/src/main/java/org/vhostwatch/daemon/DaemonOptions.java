package org.vhostwatch.daemon;

import java.time.Duration;
import org.vhostwatch.detect.Settings;
import org.vhostwatch.probe.ProbeKit;

/**
 * How the daemon works.
 *
 * @param probes where scripts and bpftrace are
 * @param settings the detector's limits
 * @param cycle time between two looks at /proc and two verdicts
 * @param censusPeriod time between two censuses when nothing is suspicious
 * @param capture length of a capture of evidence
 * @param cooldown least time between two captures of one queue
 */
public record DaemonOptions(
    ProbeKit.Options probes,
    Settings settings,
    Duration cycle,
    Duration censusPeriod,
    Duration capture,
    Duration cooldown) {}
