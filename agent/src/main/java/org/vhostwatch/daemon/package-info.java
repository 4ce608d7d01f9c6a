/**
 * The daemon. {@link org.vhostwatch.daemon.Daemon} owns one loop, which owns all state; {@link
 * org.vhostwatch.daemon.Sentinel} and {@link org.vhostwatch.daemon.Prober} run bpftrace on threads
 * of their own and only ever put messages into the loop's inbox.
 */
@NullMarked
package org.vhostwatch.daemon;

import org.jspecify.annotations.NullMarked;
