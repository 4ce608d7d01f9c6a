/** Small files that outlive the process: written whole or not at all. */
@NullMarked
package org.vhostwatch.state;

import org.jspecify.annotations.NullMarked;
