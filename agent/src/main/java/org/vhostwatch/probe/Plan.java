package org.vhostwatch.probe;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is probed on this kernel with this bpftrace, and the scripts for it. Small: nothing of the
 * kernel's types is kept.
 */
public final class Plan {

  private final @Nullable String census;
  private final @Nullable String sentinel;
  private final @Nullable String histograms;
  private final ScriptTemplate.@Nullable Fitted evidence;
  private final ScriptTemplate.@Nullable Fitted stack;
  private final EvidencePlan measures;
  private final boolean hidesAddresses;
  private final List<Measurement> measurements;
  private final List<String> blindSpots;

  Plan(
      @Nullable String census,
      @Nullable String sentinel,
      @Nullable String histograms,
      ScriptTemplate.@Nullable Fitted evidence,
      ScriptTemplate.@Nullable Fitted stack,
      EvidencePlan measures,
      boolean hidesAddresses,
      List<Measurement> measurements) {
    this.census = census;
    this.sentinel = sentinel;
    this.histograms = histograms;
    this.evidence = evidence;
    this.stack = stack;
    this.measures = measures;
    this.hidesAddresses = hidesAddresses;
    this.measurements = List.copyOf(measurements);
    this.blindSpots = blindSpots(measurements);
  }

  /** Returns the census script, empty if this host cannot have a census. */
  public Optional<String> census() {
    return Optional.ofNullable(census);
  }

  /** Returns the sentinel script, empty if nothing can be attached. */
  public Optional<String> sentinel() {
    return Optional.ofNullable(sentinel);
  }

  /** Returns the script that stays attached in a mode, empty if nothing can be attached. */
  public Optional<String> resident(Mode mode) {
    boolean more = mode == Mode.CONTINUOUS && histograms != null;
    return sentinel().map(script -> more ? script + histograms : script);
  }

  /** Returns how each thing is measured, and why what is missing is missing. */
  public List<Measurement> measurements() {
    return measurements;
  }

  /** Returns what the daemon cannot see on this host, and why, in words. */
  public List<String> blindSpots() {
    return blindSpots;
  }

  private static List<String> blindSpots(List<Measurement> measurements) {
    List<String> spots = new ArrayList<>();
    for (Measurement measurement : measurements) {
      if (measurement.quality() == Measurement.Quality.NONE) {
        if (measurement.what().equals("census")) {
          spots.add("no census, and so no stall is seen: " + measurement.how());
        } else if (measurement.what().equals("spins")) {
          spots.add("no sentinel, and so spins are not counted: " + measurement.how());
        }
      }
    }
    return List.copyOf(spots);
  }

  /** Returns whether the kernel does not say where its symbols are. */
  boolean hidesAddresses() {
    return hidesAddresses;
  }

  /** Returns whether scripts read the queue's indices (BTF). */
  public boolean indices() {
    return measures.indices();
  }

  /** Returns the evidence script for some workers. */
  public String evidence(Set<Integer> workers) throws PlanException {
    if (evidence == null) {
      throw new PlanException("no evidence can be captured: " + missing("evidence"));
    }
    return evidence.script(new TreeSet<>(workers));
  }

  /** Returns what a capture of some workers measures. */
  public EvidencePlan evidencePlan(Set<Integer> workers) {
    return measures.of(workers);
  }

  /** Returns the script that shows where some workers are, and attaches nothing. */
  public String stack(Set<Integer> workers) throws PlanException {
    if (stack == null) {
      throw new PlanException("no stacks can be taken: " + missing("stack"));
    }
    return stack.script(new TreeSet<>(workers));
  }

  /** Returns whether stacks can be taken without probes. */
  public boolean showsStacks() {
    return stack != null;
  }

  private String missing(String what) {
    return measurements.stream()
        .filter(measurement -> measurement.what().equals(what))
        .findFirst()
        .map(Measurement::how)
        .orElse("nothing can be probed");
  }
}
