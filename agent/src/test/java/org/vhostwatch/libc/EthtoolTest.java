package org.vhostwatch.libc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With the kernel's own tap driver, where there is one and we may use it. */
class EthtoolTest {
  private static final String NAME = "vwetht" + ProcessHandle.current().pid() % 100_000;
  private static final String TSO = "tx-tcp-segmentation";
  private static final String TSO6 = "tx-tcp6-segmentation";

  @BeforeEach
  void needsTunAndRoot() {
    assumeThat(Files.isWritable(Path.of("/dev/net/tun"))).isTrue();
    assumeThat(System.getProperty("user.name")).isEqualTo("root");
  }

  @Test
  void tellsWhatATapHasAndWhatItsUserLeavesToTheGuest() throws IOException {
    try (TestTap tap = TestTap.create(NAME);
        Fd socket = Interfaces.socket("test")) {
      assertThat(feature(socket, TSO).active()).isFalse();
      tap.offload();
      assertThat(feature(socket, TSO)).isEqualTo(new Feature(TSO, true, true, true, false));
      assertThat(feature(socket, TSO6)).isEqualTo(new Feature(TSO6, true, true, true, false));
      // A tap has no hardware that filters VLANs: not available, so fixed at off.
      Feature vlan = feature(socket, "rx-vlan-filter");
      assertThat(vlan).isEqualTo(new Feature(vlan.name(), false, false, false, true));
      assertThat(Ethtool.features(socket, NAME)).hasSizeGreaterThan(40);
    }
  }

  @Test
  void whatIsTurnedOffComesBackAndNothingElseChanges() throws IOException {
    try (TestTap tap = TestTap.create(NAME);
        Fd socket = Interfaces.socket("test")) {
      tap.offload();
      List<Feature> before = Ethtool.features(socket, NAME);
      Ethtool.Answer answer = Ethtool.request(socket, NAME, Map.of(TSO, false, TSO6, false));
      assertThat(answer).isEqualTo(new Ethtool.Answer(false, false, false));
      assertThat(answer.done()).isTrue();

      Map<String, Feature> changed = byName(Ethtool.features(socket, NAME));
      assertThat(changed.get(TSO)).isEqualTo(new Feature(TSO, true, false, false, false));
      for (Feature feature : before) {
        if (!feature.name().equals(TSO) && !feature.name().equals(TSO6)) {
          assertThat(changed.get(feature.name())).isEqualTo(feature);
        }
      }

      Ethtool.request(socket, NAME, Map.of(TSO, true, TSO6, true));
      assertThat(Ethtool.features(socket, NAME)).isEqualTo(before);
    }
  }

  @Test
  void aFixedFeatureIsAnsweredAsUnsupported() throws IOException {
    try (TestTap tap = TestTap.create(NAME);
        Fd socket = Interfaces.socket("test")) {
      Ethtool.Answer answer = Ethtool.request(socket, tap.name(), Map.of("rx-vlan-filter", true));
      assertThat(answer.unsupported()).isTrue();
      assertThat(answer.done()).isFalse();
    }
  }

  @Test
  void aFeatureThatMissesWhatItNeedsIsAWish() throws IOException {
    try (TestTap tap = TestTap.create(NAME);
        Fd socket = Interfaces.socket("test")) {
      tap.offload();
      Ethtool.request(socket, NAME, Map.of("tx-scatter-gather", false, TSO, false));
      Ethtool.Answer answer = Ethtool.request(socket, NAME, Map.of(TSO, true));
      assertThat(answer).isEqualTo(new Ethtool.Answer(false, true, false));
      assertThat(feature(socket, TSO)).isEqualTo(new Feature(TSO, true, true, false, false));
    }
  }

  @Test
  void aDeviceThatIsGoneAndAnUnknownFeatureAreErrors() throws IOException {
    try (Fd socket = Interfaces.socket("test")) {
      assertThatThrownBy(() -> Ethtool.features(socket, NAME))
          .isInstanceOfSatisfying(
              LibcException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV))
          .hasMessageContaining(NAME);
      assertThatThrownBy(() -> Ethtool.request(socket, "lo", Map.of("tx-warp-drive", true)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tx-warp-drive");
    }
  }

  @Test
  void indexNameAndMtuAreReadThroughASocket() throws IOException {
    try (TestTap tap = TestTap.create(NAME);
        Fd socket = Interfaces.socket("test")) {
      int index = Interfaces.index(socket, tap.name());
      assertThat(index).isEqualTo(Interfaces.index(NAME));
      assertThat(Interfaces.name(socket, index)).isEqualTo(NAME);
      assertThat(Interfaces.mtu(socket, NAME)).isEqualTo(1500);
    }
  }

  private static Feature feature(Fd socket, String name) throws IOException {
    return Objects.requireNonNull(byName(Ethtool.features(socket, NAME)).get(name), name);
  }

  private static Map<String, Feature> byName(List<Feature> features) {
    Map<String, Feature> map = new HashMap<>();
    features.forEach(feature -> map.put(feature.name(), feature));
    return map;
  }
}
