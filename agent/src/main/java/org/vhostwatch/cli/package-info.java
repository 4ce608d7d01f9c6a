/** The commands: options in, one call, text or JSON and an exit code out. No logic of their own. */
@NullMarked
package org.vhostwatch.cli;

import org.jspecify.annotations.NullMarked;
