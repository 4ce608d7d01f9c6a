/** What tells people, or their programs, of incidents without Prometheus. */
@NullMarked
package org.vhostwatch.notify;

import org.jspecify.annotations.NullMarked;
