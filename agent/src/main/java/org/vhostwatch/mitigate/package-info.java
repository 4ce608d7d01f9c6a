/**
 * Turns off, on request, what lets packets larger than a guest's buffers reach it, and turns it on
 * again as it was. {@link org.vhostwatch.mitigate.Targets} says which taps are concerned, {@link
 * org.vhostwatch.mitigate.Mitigator} acts.
 */
@NullMarked
package org.vhostwatch.mitigate;

import org.jspecify.annotations.NullMarked;
