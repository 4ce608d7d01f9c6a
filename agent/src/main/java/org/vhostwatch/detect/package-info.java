/**
 * Observations in, verdicts out. {@link org.vhostwatch.detect.Detector} is a pure function of
 * state, observation and time: no clock, no I/O, no thread.
 */
@NullMarked
package org.vhostwatch.detect;

import org.jspecify.annotations.NullMarked;
