/**
 * Whether the running kernel has the bug, and which queues can be hit by it: {@link
 * org.vhostwatch.exposure.KernelRater} and {@link org.vhostwatch.exposure.QueueRater} are the two
 * classes to start from. What rates is pure; what reads is bounded and has deadlines.
 */
@NullMarked
package org.vhostwatch.exposure;

import org.jspecify.annotations.NullMarked;
