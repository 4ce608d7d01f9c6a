/**
 * The durable record of each livelock: who keeps it, how it is stored, read and handed on.
 *
 * <p>{@link org.vhostwatch.incident.Keeper} is a state machine without clock or I/O; {@link
 * org.vhostwatch.incident.Archive} is the only one that writes, on a thread of its own.
 */
@NullMarked
package org.vhostwatch.incident;

import org.jspecify.annotations.NullMarked;
