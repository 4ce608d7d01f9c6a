/** What the host says of itself: workers, processes, taps, kernel and symbols. */
@NullMarked
package org.vhostwatch.host;

import org.jspecify.annotations.NullMarked;
