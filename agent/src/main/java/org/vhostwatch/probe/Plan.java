package org.vhostwatch.probe;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What is probed on this kernel with this bpftrace, and the scripts for it. */
public final class Plan {

  private final Scripts scripts;
  private final PlanKernel kernel;
  private final Optional<String> census;
  private final Optional<String> sentinel;
  private final List<Measurement> measurements;

  Plan(
      Scripts scripts,
      PlanKernel kernel,
      Optional<String> census,
      Optional<String> sentinel,
      List<Measurement> measurements) {
    this.scripts = scripts;
    this.kernel = kernel;
    this.census = census;
    this.sentinel = sentinel;
    this.measurements = List.copyOf(measurements);
  }

  /** Returns the census script, empty if this host cannot have a census. */
  public Optional<String> census() {
    return census;
  }

  /** Returns the sentinel script, empty if nothing can be attached. */
  public Optional<String> sentinel() {
    return sentinel;
  }

  /** Returns how each thing is measured, and why what is missing is missing. */
  public List<Measurement> measurements() {
    return measurements;
  }

  /** Returns whether scripts read the queue's indices (BTF). */
  public boolean indices() {
    return kernel.indices();
  }

  /** Returns the evidence script for some workers. */
  public String evidence(Set<Integer> workers) throws PlanException {
    return scripts.evidence().render(kernel, List.copyOf(new TreeSet<>(workers)));
  }

  /** Returns what a capture of some workers measures. */
  public EvidencePlan evidencePlan(Set<Integer> workers) {
    return Planner.evidencePlan(kernel, workers);
  }
}
