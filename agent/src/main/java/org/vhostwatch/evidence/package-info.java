/**
 * From what was read to what is said: {@link org.vhostwatch.evidence.Diagnosis} folds events, live
 * or from a {@link org.vhostwatch.evidence.Recording}, into one {@link
 * org.vhostwatch.evidence.Findings}; {@link org.vhostwatch.evidence.Examination} makes the events
 * on a live host.
 */
@NullMarked
package org.vhostwatch.evidence;

import org.jspecify.annotations.NullMarked;
