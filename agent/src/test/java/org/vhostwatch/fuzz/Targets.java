package org.vhostwatch.fuzz;

import java.util.List;
import java.util.stream.Stream;
import org.vhostwatch.btf.BtfTargets;
import org.vhostwatch.cli.CliTargets;
import org.vhostwatch.config.ConfigTargets;
import org.vhostwatch.evidence.EvidenceTargets;
import org.vhostwatch.exposure.ExposureTargets;
import org.vhostwatch.host.HostTargets;
import org.vhostwatch.http.HttpTargets;
import org.vhostwatch.incident.IncidentTargets;
import org.vhostwatch.mitigate.MitigateTargets;
import org.vhostwatch.probe.ProbeTargets;

/** All targets, in the order of the data. */
public final class Targets {

  static final List<FuzzTarget> ALL =
      Stream.of(
              BtfTargets.all(),
              HostTargets.all(),
              ProbeTargets.all(),
              ExposureTargets.all(),
              EvidenceTargets.all(),
              MitigateTargets.all(),
              ConfigTargets.all(),
              HttpTargets.all(),
              IncidentTargets.all(),
              CliTargets.all())
          .flatMap(List::stream)
          .toList();

  private Targets() {}

  static FuzzTarget named(String name) {
    return ALL.stream()
        .filter(target -> target.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no target " + name));
  }

  /** Prints one line a target: name, longest input, what it reads. */
  public static void main(String[] args) {
    for (FuzzTarget target : ALL) {
      System.out.println(
          String.join("\t", target.name(), String.valueOf(target.maxBytes()), target.what()));
    }
  }
}
