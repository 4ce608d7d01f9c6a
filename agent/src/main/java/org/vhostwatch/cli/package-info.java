/** The commands: thin, they parse options, call one thing and print what it returns. */
@NullMarked
package org.vhostwatch.cli;

import org.jspecify.annotations.NullMarked;
