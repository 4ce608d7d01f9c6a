/**
 * What vhostwatch costs on made-up hosts. The other packages of this module lie in those of the
 * agent whose inner parts they measure.
 */
@NullMarked
package org.vhostwatch.bench;

import org.jspecify.annotations.NullMarked;
