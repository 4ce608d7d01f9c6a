package org.vhostwatch.snapshot;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.ReturnCounts;

/**
 * The host at one cycle of the daemon. All outputs (metrics, pages, {@code status}) read the same
 * one, so they never contradict each other, and a VM that is gone is simply not in the next.
 *
 * @param wallMillis when it was made, milliseconds since 1970
 * @param kernel release, as {@code uname -r}
 * @param queues every known RX queue, worst verdict first
 * @param workers every vhost worker
 * @param probes how well the daemon sees
 * @param totals what captures have counted since the daemon's start
 * @param episodes spins that have ended since the daemon's start
 * @param exposure whether the kernel has the bug
 * @param incidents the incidents in numbers
 * @param cost what watching costs
 * @param waiting names of the VMs whose VMMs wait for a vhost worker to end what it has been given,
 *     by process; its queues may be gone by then
 * @param unexplained workers whose CPU time nothing accounts for, those first that have been so for
 *     longest
 */
public record HostSnapshot(
    long wallMillis,
    String kernel,
    List<QueueStatus> queues,
    List<WorkerStatus> workers,
    ProbeStatus probes,
    ReturnCounts totals,
    EpisodeTotals episodes,
    KernelExposure exposure,
    IncidentTotals incidents,
    OwnCost cost,
    Map<Integer, String> waiting,
    List<UnexplainedStatus> unexplained) {
  public HostSnapshot {
    unexplained = List.copyOf(unexplained);
    queues = List.copyOf(queues);
    workers = List.copyOf(workers);
    waiting = Map.copyOf(waiting);
  }

  /** A host on which all CPU time of workers is accounted for. */
  public HostSnapshot(
      long wallMillis,
      String kernel,
      List<QueueStatus> queues,
      List<WorkerStatus> workers,
      ProbeStatus probes,
      ReturnCounts totals,
      EpisodeTotals episodes,
      KernelExposure exposure,
      IncidentTotals incidents,
      OwnCost cost,
      Map<Integer, String> waiting) {
    this(
        wallMillis,
        kernel,
        queues,
        workers,
        probes,
        totals,
        episodes,
        exposure,
        incidents,
        cost,
        waiting,
        List.of());
  }

  /**
   * A worker.
   *
   * @param vm name of the VM or process it belongs to
   */
  public record WorkerStatus(String vm, Worker worker) {}

  /** Returns whether the VMM of this queue waits for a vhost worker. */
  public boolean waits(QueueStatus queue) {
    return queue.vmm().filter(vmm -> waiting.containsKey(vmm.pid())).isPresent();
  }

  /** Returns this snapshot with other incidents. */
  public HostSnapshot with(IncidentTotals others) {
    return new HostSnapshot(
        wallMillis,
        kernel,
        queues,
        workers,
        probes,
        totals,
        episodes,
        exposure,
        others,
        cost,
        waiting,
        unexplained);
  }

  /** Returns this snapshot with these workers that nothing accounts for. */
  public HostSnapshot withUnexplained(List<UnexplainedStatus> others) {
    return new HostSnapshot(
        wallMillis,
        kernel,
        queues,
        workers,
        probes,
        totals,
        episodes,
        exposure,
        incidents,
        cost,
        waiting,
        others);
  }

  /**
   * Returns the queues of that verdict, without interfaces that their guests have not brought up.
   */
  public List<QueueStatus> having(Verdict verdict) {
    return queues.stream()
        .filter(queue -> queue.verdict().verdict() == verdict && !queue.verdict().unused())
        .toList();
  }

  /** Returns how many interfaces their guests have not brought up, by those packets that wait. */
  public long unused() {
    return queues.stream().filter(queue -> queue.verdict().unused()).count();
  }

  /**
   * Returns the worst verdict of all queues; UNKNOWN if the daemon is blind, HEALTHY without any.
   * An interface that its guest has not brought up does not count.
   */
  public Verdict worst() {
    Verdict worst =
        queues.stream()
            .map(QueueStatus::verdict)
            .filter(verdict -> !verdict.unused())
            .map(QueueVerdict::verdict)
            .max(Comparator.naturalOrder())
            .orElse(Verdict.HEALTHY);
    return blind() && worst.compareTo(Verdict.UNKNOWN) < 0 ? Verdict.UNKNOWN : worst;
  }

  /** Returns whether neither a census nor probes ever told anything, for a reason that is known. */
  public boolean blind() {
    return !probes.up() && probes.lastCensusWallMillis() == 0 && !probes.troubles().isEmpty();
  }
}
