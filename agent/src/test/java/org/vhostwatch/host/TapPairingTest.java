package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TapPairingTest {

  /** Descriptors in ascending order: a name is a tap's queue, {@code v} a vhost_net file. */
  @ParameterizedTest
  @CsvSource({
    "a v, a0",
    // QEMU opens them one by one
    "a v a v a v, a0 a1 a2",
    "a v b v, a0 b0",
    // libvirt hands all taps over, then all vhost_net files
    "a a a a v v v v, a0 a1 a2 a3",
    "a a v v b b v v, a0 a1 b0 b1",
    // a NIC without vhost in front, or behind
    "n a v, a0",
    "n a a v v, a0 a1",
    "a v n, a0",
    // the tap was handed over under a number of its own, above that of the vhost_net file
    "v a, a0",
    "v v a a, a0 a1",
    // does not add up: nothing is said
    "v a v b, - -",
    "v v a b, - -",
    "v n a, -",
    "a v v, - -",
    "v, -",
    "v a v, - a0",
  })
  void pairsWhatAVmmOpensTogether(String descriptors, String expected) {
    SortedMap<Integer, TapPort> taps = new TreeMap<>();
    TreeSet<Integer> vhosts = new TreeSet<>();
    int fd = 9;
    for (String word : descriptors.split(" ", -1)) {
      fd++;
      if (word.equals("v")) {
        vhosts.add(fd);
      } else {
        taps.put(fd, new TapPort(word, 7, "br0", 42, 5, true));
      }
    }
    Map<Integer, TapPort> pairs = TapPairing.infer(taps, vhosts);
    assertThat(
            vhosts.stream()
                .map(pairs::get)
                .map(port -> port == null ? "-" : port.name() + port.queueIndex())
                .collect(Collectors.joining(" ")))
        .isEqualTo(expected);
    assertThat(pairs.values()).noneMatch(TapPort::exact);
  }
}
