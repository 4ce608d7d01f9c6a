package org.vhostwatch.exposure;

import java.util.Optional;
import org.vhostwatch.exposure.QueueExposure.Reach;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.probe.CensusQueue;

/**
 * Says whether a queue can be hit: it can if the guest takes packets in several buffers, and one
 * can come that needs several. Pure.
 */
public final class QueueRater {

  /** A frame of this MTU fits into one buffer of any driver that is known. */
  private static final int PLAIN_MTU = 1500;

  private QueueRater() {}

  /** Rates a queue, or, without a census, a tap. */
  public static QueueExposure rate(
      Optional<CensusQueue> queue, TapPort port, Optional<Vmm> vmm, TapState tap) {
    return queue.isPresent()
        ? rate(queue.get(), port, vmm, tap)
        : packets(
            queue,
            port,
            vmm,
            tap,
            Reach.UNKNOWN,
            "; whether a queue takes them in several buffers only a census tells");
  }

  private static QueueExposure rate(
      CensusQueue queue, TapPort port, Optional<Vmm> vmm, TapState tap) {
    Optional<CensusQueue> known = Optional.of(queue);
    if (queue.backend() == CensusQueue.Backend.NONE) {
      return new QueueExposure(
          known,
          port,
          vmm,
          tap,
          Reach.CANNOT,
          "not now: no backend is attached (the guest's driver is not up, or the VM is stopped)");
    }
    if (!queue.mergeable()) {
      return new QueueExposure(
          known,
          port,
          vmm,
          tap,
          Reach.CANNOT,
          "mergeable buffers are not negotiated: a packet never waits for more than one buffer");
    }
    return packets(known, port, vmm, tap, Reach.CAN, "");
  }

  private static QueueExposure packets(
      Optional<CensusQueue> queue,
      TapPort port,
      Optional<Vmm> vmm,
      TapState tap,
      Reach reach,
      String but) {
    Reach found = reach;
    String why;
    if (!tap.offloadTrouble().isEmpty() && tap.mtu() <= PLAIN_MTU) {
      found = Reach.UNKNOWN;
      why = "the tap's offloads are unknown: " + tap.offloadTrouble();
    } else if (!tap.offloads().isEmpty()) {
      why =
          "the tap takes super-packets of up to 64 KB ("
              + String.join(", ", tap.offloads())
              + ")"
              + but;
    } else if (tap.mtu() > PLAIN_MTU) {
      why =
          (tap.offloadTrouble().isEmpty() ? "segmentation offloads are off, but with" : "with")
              + " an MTU of "
              + tap.mtu()
              + " a plain packet can need several buffers"
              + but;
    } else if (tap.mtu() == 0) {
      found = Reach.UNKNOWN;
      why =
          "segmentation offloads are off, but the tap's MTU could not be read: if it is large, a"
              + " plain packet can need several buffers";
    } else {
      found = Reach.CANNOT;
      why = "the tap's segmentation offloads are off: no packet needs several buffers";
    }
    return new QueueExposure(queue, port, vmm, tap, found, why);
  }
}
