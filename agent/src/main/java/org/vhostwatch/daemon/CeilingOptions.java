package org.vhostwatch.daemon;

/**
 * What the agent and all that it starts may use together, before it takes its probes away.
 *
 * @param cpuShare most CPU time in five minutes, as a share of one CPU: 0.2 is a minute; 0 if it
 *     does not matter
 * @param residentBytes most resident memory; 0 if it does not matter
 */
public record CeilingOptions(double cpuShare, long residentBytes) {}
