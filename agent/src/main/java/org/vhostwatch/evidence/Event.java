package org.vhostwatch.evidence;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerId;
import org.vhostwatch.probe.EvidencePlan;
import org.vhostwatch.probe.Measurement;

/**
 * Something that happened during an examination. A recording is the list of all of them with their
 * times; the same list gives the same findings, bit for bit.
 */
public sealed interface Event {

  /** Which script a line is of. */
  enum Source {
    CENSUS,
    SENTINEL,
    EVIDENCE
  }

  /**
   * The host and what can be measured on it.
   *
   * @param wallMillis wall clock, milliseconds since 1970
   * @param kernel release, as {@code uname -r}
   * @param bpftrace version, empty if there is none
   * @param indices whether probes read the queues' indices
   * @param exposure whether the kernel has the bug; empty if that was not asked
   */
  record Host(
      long wallMillis,
      String kernel,
      String bpftrace,
      boolean indices,
      List<Measurement> measurements,
      Optional<KernelExposure> exposure)
      implements Event {
    public Host {
      measurements = List.copyOf(measurements);
    }
  }

  /** All workers, and the processes that own them as far as known. */
  record Workers(List<Worker> workers, List<Vmm> vmms) implements Event {
    public Workers {
      workers = List.copyOf(workers);
      vmms = List.copyOf(vmms);
    }
  }

  /** The taps that workers serve, inferred from the VMMs' files because no census can tell. */
  record Ports(Map<WorkerId, TapPort> ports) implements Event {
    public Ports {
      ports = Map.copyOf(ports);
    }
  }

  /** What goes on around a queue that was suspicious. */
  record Around(Surroundings surroundings) implements Event {}

  /**
   * A script starts.
   *
   * @param plan what it measures; only for {@link Source#EVIDENCE}
   */
  record Begin(Source source, @Nullable EvidencePlan plan) implements Event {}

  /** A line of a script's output. */
  record Line(Source source, String text) implements Event {}

  /**
   * A script ended.
   *
   * @param trouble why it did not do what it should, empty if it did
   */
  record End(Source source, String trouble) implements Event {}
}
