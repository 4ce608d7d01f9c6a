/**
 * Small files that outlive the process, written whole or not at all, and the hash that tells texts
 * apart.
 */
@NullMarked
package org.vhostwatch.state;

import org.jspecify.annotations.NullMarked;
