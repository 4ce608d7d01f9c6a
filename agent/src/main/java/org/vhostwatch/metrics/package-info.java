/** What the daemon tells of itself to Prometheus, in Micrometer's words. */
@NullMarked
package org.vhostwatch.metrics;

import org.jspecify.annotations.NullMarked;
