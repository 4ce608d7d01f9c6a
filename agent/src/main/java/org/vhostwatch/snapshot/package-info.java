/** What the daemon publishes: one immutable picture of the host a cycle, read by all outputs. */
@NullMarked
package org.vhostwatch.snapshot;

import org.jspecify.annotations.NullMarked;
