/** The daemon's endpoints: metrics, health, the status page and the status as JSON. Read-only. */
@NullMarked
package org.vhostwatch.http;

import org.jspecify.annotations.NullMarked;
