package org.vhostwatch.exposure;

import java.util.Optional;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.probe.CensusQueue;

/**
 * Whether a queue can be hit, on a kernel that has the bug.
 *
 * @param queue as the census read it; empty without a census, then this is about the tap alone
 * @param port the tap
 * @param vmm whose it is, if known
 * @param tap what the tap can receive
 * @param reach whether it can be hit now
 * @param why in a sentence without a full stop
 */
public record QueueExposure(
    Optional<CensusQueue> queue,
    TapPort port,
    Optional<Vmm> vmm,
    TapState tap,
    Reach reach,
    String why) {

  /** Whether a queue can be hit. */
  public enum Reach {
    CAN,
    CANNOT,
    UNKNOWN
  }
}
