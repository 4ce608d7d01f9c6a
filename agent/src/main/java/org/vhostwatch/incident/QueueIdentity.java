package org.vhostwatch.incident;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.host.Worker;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.snapshot.QueueStatus;

/**
 * Which queue an incident is of: by name, for people, and by what tells it from every other queue
 * for as long as the host is up.
 *
 * @param bootId the kernel's id of this boot of the host
 * @param vm name of the VM, else of the process; hostile text
 * @param uuid the VM's UUID, if known; hostile text
 * @param vmid the VM's number, if known; hostile text
 * @param vmPid the VMM, 0 if not known
 * @param vmStartTicks when it started, 0 if not known
 * @param port the tap end
 * @param workerTid the thread that serves the queue, 0 if not known
 * @param workerStartTicks when it started, 0 if not known
 * @param vq address of the queue in the kernel
 */
public record QueueIdentity(
    String bootId,
    String vm,
    Optional<String> uuid,
    Optional<String> vmid,
    int vmPid,
    long vmStartTicks,
    TapPort port,
    int workerTid,
    long workerStartTicks,
    long vq) {

  static QueueIdentity of(String bootId, QueueStatus status) {
    QueueVerdict verdict = status.verdict();
    Worker worker = verdict.worker();
    CensusQueue queue = verdict.queue();
    return new QueueIdentity(
        bootId,
        status.vm(),
        status.vmm().flatMap(Vmm::uuid),
        status.vmm().flatMap(Vmm::vmid),
        status.vmm().map(Vmm::pid).orElse(process(queue, worker)),
        status.vmm().map(Vmm::startTicks).orElse(0L),
        status.port(),
        verdict.tid(),
        worker == null ? 0 : worker.startTicks(),
        verdict.vq());
  }

  private static int process(@Nullable CensusQueue queue, @Nullable Worker worker) {
    if (queue != null) {
      return queue.process();
    }
    return worker != null && worker.kind() == Worker.Kind.VMM_THREAD ? worker.tgid() : 0;
  }

  /**
   * Returns whether this is the same object in the kernel. An address is given again; but not with
   * the same worker, and hardly to the same VMM.
   */
  boolean sameObject(QueueIdentity other) {
    if (!bootId.equals(other.bootId) || vq != other.vq) {
      return false;
    }
    if (workerTid != 0 && workerStartTicks != 0 && other.workerStartTicks != 0) {
      return workerTid == other.workerTid && workerStartTicks == other.workerStartTicks;
    }
    return vmStartTicks != 0
        ? vmPid == other.vmPid && vmStartTicks == other.vmStartTicks
        : workerTid == other.workerTid;
  }

  /** Returns whether people would call it the same queue: VM, tap and index are the same. */
  boolean sameName(QueueIdentity other) {
    return bootId.equals(other.bootId)
        && !port.name().isEmpty()
        && port.queueIndex() >= 0
        && vm.equals(other.vm)
        && uuid.equals(other.uuid)
        && port.name().equals(other.port.name())
        && port.queueIndex() == other.port.queueIndex()
        && port.netns() == other.port.netns();
  }

  /** Returns whether this says more than {@code other} of the same queue. */
  boolean betterThan(QueueIdentity other) {
    return rank() > other.rank() || (rank() == other.rank() && !equals(other) && rank() >= 5);
  }

  private int rank() {
    return (port.name().isEmpty() ? 0 : 2)
        + (port.exact() ? 1 : 0)
        + (vmStartTicks != 0 ? 1 : 0)
        + (workerStartTicks != 0 ? 1 : 0);
  }
}
