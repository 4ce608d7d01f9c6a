package org.vhostwatch.exposure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vhostwatch.exposure.QueueExposure.Reach;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.probe.CensusQueue;

class QueueRaterTest {

  private static final TapPort PORT = new TapPort("vnet3", 7, "br0", 0, 0, true);
  private static final long MERGEABLE = 1L << 15;

  @ParameterizedTest
  @CsvSource({
    // backend, mergeable, offloads, why unknown, MTU, reach
    "TUN,     true,  tx-tcp-segmentation, '', 1500, CAN",
    "MACVTAP, true,  '',       a macvtap,     1500, UNKNOWN",
    "MACVTAP, true,  '',       a macvtap,     9000, CAN",
    "TUN,     true,  '',                  '', 1500, CANNOT",
    "TUN,     true,  '',                  '', 9000, CAN",
    "TUN,     true,  '',                  '', 0,    UNKNOWN",
    "TUN,     true,  '',       no answer,     1500, UNKNOWN",
    "TUN,     false, tx-tcp-segmentation, '', 9000, CANNOT",
    "TUN,     false, '',       no answer,     1500, CANNOT",
    "NONE,    true,  tx-tcp-segmentation, '', 1500, CANNOT"
  })
  void ratesAQueue(
      CensusQueue.Backend backend,
      boolean mergeable,
      String offloads,
      String trouble,
      int mtu,
      Reach reach) {
    TapState tap =
        new TapState(
            offloads.isEmpty() ? List.of() : List.of(offloads), trouble, mtu, List.of(), "");
    QueueExposure rated =
        QueueRater.rate(
            Optional.of(queue(backend, mergeable ? MERGEABLE : 0)), PORT, Optional.empty(), tap);
    assertThat(rated.reach()).isEqualTo(reach);
    assertThat(rated.why()).isNotEmpty();
  }

  @Test
  void withoutACensusATapThatTakesNoSuperPacketsIsSafeAndAnotherIsUnknown() {
    TapState on = new TapState(List.of("tx-tcp-segmentation"), "", 1500, List.of(), "");
    TapState off = new TapState(List.of(), "", 1500, List.of(), "");
    assertThat(QueueRater.rate(Optional.empty(), PORT, Optional.empty(), on).reach())
        .isEqualTo(Reach.UNKNOWN);
    assertThat(QueueRater.rate(Optional.empty(), PORT, Optional.empty(), off).reach())
        .isEqualTo(Reach.CANNOT);
  }

  static CensusQueue queue(CensusQueue.Backend backend, long features) {
    return new CensusQueue(
        0xffff8880206800c0L,
        4711,
        31,
        4711,
        4713,
        256,
        108,
        104,
        98,
        5,
        features,
        0,
        backend,
        0,
        0,
        0,
        PORT);
  }
}
