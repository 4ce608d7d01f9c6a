/**
 * The drill: a guest, its VMM and its traffic in one process, on a tap and a vhost device of its
 * own, that bring about the starvation behind CVE-2026-74356 on purpose, measure whether this
 * kernel's worker spins, and always recover. {@link org.vhostwatch.drill.Drill} is the way in,
 * {@link org.vhostwatch.drill.DrillOptions} what to do, {@link org.vhostwatch.drill.DrillReport}
 * what came of it.
 *
 * <p>It touches nothing that it did not create. It recovers (refill, detach the backend, close) at
 * its normal end, on SIGTERM and SIGINT, and on its own failure. Killed with SIGKILL it cannot do
 * so itself, and need not: the kernel closes the vhost device, which ends the worker, and the tap,
 * which is not persistent, goes away with its last descriptor.
 */
@NullMarked
package org.vhostwatch.drill;

import org.jspecify.annotations.NullMarked;
