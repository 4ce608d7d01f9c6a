/**
 * What bpftrace is asked and what it answers: the plan for this kernel, the child process, and the
 * readings made from its output. {@link org.vhostwatch.probe.CensusAssembler}, {@link
 * org.vhostwatch.probe.SentinelAssembler} and {@link org.vhostwatch.probe.EvidenceAssembler} turn
 * lines into readings; nothing here judges them.
 */
@NullMarked
package org.vhostwatch.probe;

import org.jspecify.annotations.NullMarked;
