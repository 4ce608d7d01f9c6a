/**
 * Hostile input for everything that reads what others wrote. {@link org.vhostwatch.fuzz.Targets}
 * lists the readers; the unit tests give each some thousand damaged inputs, `agent/fuzz` gives them
 * millions, guided by coverage (docs/fuzzing.md).
 */
@NullMarked
package org.vhostwatch.fuzz;

import org.jspecify.annotations.NullMarked;
