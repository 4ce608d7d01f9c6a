package org.vhostwatch.mitigate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.libc.Feature;

class OffloadsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "tx-tcp-segmentation",
        "tx-tcp6-segmentation",
        "tx-tcp-ecn-segmentation",
        "tx-udp-segmentation",
        "tx-udp_tnl-csum-segmentation",
        "tx-generic-segmentation",
        "tx-gso-list",
        "tx-scatter-gather"
      })
  void whatLetsLargePacketsOutMatters(String feature) {
    assertThat(Offloads.matters(feature)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"rx-gro", "rx-lro", "rx-gro-list", "tx-checksum-ip-generic", "tx-nocache-copy"})
  void whatTheGuestSendsAndChecksumsDoNot(String feature) {
    assertThat(Offloads.matters(feature)).isFalse();
  }

  @Test
  void whatIsOnOrWouldComeOnIsTurnedOffUnlessItIsFixed() {
    assertThat(
            Offloads.on(
                List.of(
                    new Feature("tx-tcp-segmentation", true, true, true, false),
                    new Feature("tx-tcp6-segmentation", true, true, false, false),
                    new Feature("tx-udp-segmentation", true, false, false, false),
                    new Feature("tx-gso-list", false, false, true, true),
                    new Feature("rx-gro", true, true, true, false))))
        .isEqualTo(Map.of("tx-tcp-segmentation", true, "tx-tcp6-segmentation", true));
  }
}
