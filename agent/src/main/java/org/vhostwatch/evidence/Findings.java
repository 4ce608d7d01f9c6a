package org.vhostwatch.evidence;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vhostwatch.detect.LookAlike;
import org.vhostwatch.detect.LookAlikes;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.host.WorkerId;

/**
 * What an examination found.
 *
 * @param host the host; empty if the recording does not say
 * @param seconds from the first event to the last
 * @param verdicts one a queue, worst first
 * @param workers all workers as they were last seen
 * @param vmms processes that own queues
 * @param ports taps of workers, where they had to be inferred because there was no census
 * @param censuses censuses that were completed
 * @param captures captures of evidence that were completed
 * @param rejected lines that could not be read
 * @param lost events that bpftrace said it lost
 * @param troubles what did not work, in words for the operator
 * @param around what goes on around suspicious queues, by their address
 * @param everyone the verdicts of all queues of the host, whichever were selected
 * @param unexplained workers whose CPU time nothing accounts for
 */
public record Findings(
    Optional<Event.Host> host,
    double seconds,
    List<QueueVerdict> verdicts,
    List<Worker> workers,
    List<Vmm> vmms,
    Map<WorkerId, TapPort> ports,
    int censuses,
    int captures,
    long rejected,
    long lost,
    List<String> troubles,
    Map<Long, Surroundings> around,
    List<QueueVerdict> everyone,
    List<UnexplainedWorker> unexplained) {
  public Findings {
    unexplained = List.copyOf(unexplained);
    around = Map.copyOf(around);
    everyone = List.copyOf(everyone);
    verdicts = List.copyOf(verdicts);
    workers = List.copyOf(workers);
    vmms = List.copyOf(vmms);
    ports = Map.copyOf(ports);
    troubles = List.copyOf(troubles);
  }

  /** Findings without a look around. */
  public Findings(
      Optional<Event.Host> host,
      double seconds,
      List<QueueVerdict> verdicts,
      List<Worker> workers,
      List<Vmm> vmms,
      Map<WorkerId, TapPort> ports,
      int censuses,
      int captures,
      long rejected,
      long lost,
      List<String> troubles) {
    this(
        host, seconds, verdicts, workers, vmms, ports, censuses, captures, rejected, lost, troubles,
        Map.of(), verdicts, List.of());
  }

  /**
   * Returns the worst verdict; UNKNOWN if it could not be looked at all, HEALTHY without queues.
   */
  public Verdict worst() {
    Verdict worst = verdicts.isEmpty() ? Verdict.HEALTHY : verdicts.get(0).verdict();
    return blind() && worst.compareTo(Verdict.UNKNOWN) < 0 ? Verdict.UNKNOWN : worst;
  }

  /**
   * Returns whether neither census nor probes told anything. A host without vhost_net counts as one
   * whose census was taken.
   */
  public boolean blind() {
    return censuses == 0 && captures == 0;
  }

  /** Returns whether the kernel has the bug; UNKNOWN if the recording does not say. */
  public Exposure kernel() {
    return host.flatMap(Event.Host::exposure).map(KernelExposure::status).orElse(Exposure.UNKNOWN);
  }

  /** Returns these findings with one more thing that did not work. */
  public Findings with(String trouble) {
    List<String> all = new ArrayList<>(troubles);
    all.add(trouble);
    return with(verdicts, all, unexplained);
  }

  /** Returns these findings with other verdicts and unexplained workers, in the order given. */
  public Findings with(List<QueueVerdict> others, List<UnexplainedWorker> otherWorkers) {
    return with(others, troubles, otherWorkers);
  }

  private Findings with(
      List<QueueVerdict> others, List<String> otherTroubles, List<UnexplainedWorker> otherWorkers) {
    return new Findings(
        host,
        seconds,
        others,
        workers,
        vmms,
        ports,
        censuses,
        captures,
        rejected,
        lost,
        otherTroubles,
        around,
        everyone,
        otherWorkers);
  }

  /** Returns the tap end of a queue, {@link TapPort#NONE} if it is not known. */
  public TapPort port(QueueVerdict verdict) {
    if (verdict.queue() != null) {
      return verdict.queue().port();
    }
    return verdict.worker() == null
        ? TapPort.NONE
        : ports.getOrDefault(verdict.worker().id(), TapPort.NONE);
  }

  /** Returns what goes on around a queue, if it was looked at. */
  public Optional<Surroundings> around(QueueVerdict verdict) {
    return verdict.vq() == 0 ? Optional.empty() : Optional.ofNullable(around.get(verdict.vq()));
  }

  /** Returns what a queue could be taken for; none for a quiet one. */
  public List<LookAlike> lookAlikes(QueueVerdict verdict) {
    return LookAlikes.of(verdict, around(verdict), host.map(Event.Host::kernel).orElse(""));
  }

  /** Returns the process that a queue belongs to, if it is known. */
  public Optional<Vmm> vmm(QueueVerdict verdict) {
    if (verdict.queue() != null) {
      return process(verdict.queue().process());
    }
    return verdict.worker() == null ? Optional.empty() : vmm(verdict.worker());
  }

  /**
   * Returns the process that a worker belongs to, if it is known. A kernel thread has its owner
   * only in its name, and a thread of the VMM in its process.
   */
  public Optional<Vmm> vmm(Worker worker) {
    int pid = worker.kind() == Worker.Kind.KTHREAD ? worker.ownerTid().orElse(0) : worker.tgid();
    return process(pid);
  }

  private Optional<Vmm> process(int pid) {
    return vmms.stream().filter(vmm -> vmm.pid() == pid).findFirst();
  }
}
