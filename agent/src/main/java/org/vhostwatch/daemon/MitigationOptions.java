package org.vhostwatch.daemon;

import java.time.Duration;

/**
 * How the daemon may act by itself.
 *
 * @param cooldown least time between two batches
 * @param perHour most taps that are changed in an hour
 */
public record MitigationOptions(Duration cooldown, int perHour) {}
