package org.vhostwatch.http;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.snapshot.HostSnapshot;

/**
 * What the endpoints read. All are called by the server's threads, and must not block.
 *
 * @param snapshot the present picture of the host
 * @param metrics the metrics
 * @param sinceCycle how long ago the daemon's last cycle ended
 * @param maxSinceCycle how long ago that may be before the daemon counts as standing still
 * @param incidents all incidents, as JSON
 * @param incident one incident by its id, as JSON; empty if it is not in memory
 * @param notReady why the daemon is not ready yet; empty once it has looked, or knows why it cannot
 * @param host the host's name, empty if not known
 */
public record Sources(
    Supplier<HostSnapshot> snapshot,
    Exposition metrics,
    Supplier<Duration> sinceCycle,
    Duration maxSinceCycle,
    Supplier<String> incidents,
    Function<String, Optional<String>> incident,
    Supplier<Optional<String>> notReady,
    String host) {}
