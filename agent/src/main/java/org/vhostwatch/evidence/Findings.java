package org.vhostwatch.evidence;

import java.util.List;
import java.util.Optional;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;

/**
 * What an examination found.
 *
 * @param host the host; empty if the recording does not say
 * @param seconds from the first event to the last
 * @param verdicts one a queue, worst first
 * @param workers all workers as they were last seen
 * @param vmms processes that own queues
 * @param censuses censuses that were completed
 * @param captures captures of evidence that were completed
 * @param rejected lines that could not be read
 * @param lost events that bpftrace said it lost
 * @param troubles what did not work, in words for the operator
 */
public record Findings(
    Optional<Event.Host> host,
    double seconds,
    List<QueueVerdict> verdicts,
    List<Worker> workers,
    List<Vmm> vmms,
    int censuses,
    int captures,
    long rejected,
    long lost,
    List<String> troubles) {
  public Findings {
    verdicts = List.copyOf(verdicts);
    workers = List.copyOf(workers);
    vmms = List.copyOf(vmms);
    troubles = List.copyOf(troubles);
  }

  /**
   * Returns the worst verdict; UNKNOWN if it could not be looked at all, HEALTHY without queues.
   */
  public Verdict worst() {
    Verdict worst = verdicts.isEmpty() ? Verdict.HEALTHY : verdicts.get(0).verdict();
    return blind() && worst.compareTo(Verdict.UNKNOWN) < 0 ? Verdict.UNKNOWN : worst;
  }

  /**
   * Returns whether neither census nor probes told anything although there was something to see.
   */
  public boolean blind() {
    return censuses == 0 && captures == 0 && !troubles.isEmpty();
  }

  /** Returns these findings with other verdicts, in the order given. */
  public Findings with(List<QueueVerdict> others) {
    return new Findings(
        host, seconds, others, workers, vmms, censuses, captures, rejected, lost, troubles);
  }

  /** Returns the process that a queue belongs to, if it is known. */
  public Optional<Vmm> vmm(QueueVerdict verdict) {
    int pid =
        verdict.queue() != null
            ? verdict.queue().process()
            : verdict.worker() != null ? verdict.worker().tgid() : 0;
    return vmms.stream().filter(vmm -> vmm.pid() == pid).findFirst();
  }
}
