/**
 * Findings as text for people and JSON for machines. All text of foreign origin is escaped here.
 */
@NullMarked
package org.vhostwatch.report;

import org.jspecify.annotations.NullMarked;
