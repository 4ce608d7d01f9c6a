/**
 * The only package that knows the Prometheus client. The client is the frozen simpleclient: moving
 * to its successor means rewriting these files, and the golden test shows the difference.
 */
@NullMarked
package org.vhostwatch.metrics.prometheus;

import org.jspecify.annotations.NullMarked;
