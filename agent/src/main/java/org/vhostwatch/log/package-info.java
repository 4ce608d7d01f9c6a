/**
 * What the daemon says on stderr: named events with fields, each one line. This package alone knows
 * how they are written, what is folded, and by which library. To say something: {@link
 * org.vhostwatch.log.Log}; to decide how: {@link org.vhostwatch.log.Logging}.
 */
@NullMarked
package org.vhostwatch.log;

import org.jspecify.annotations.NullMarked;
