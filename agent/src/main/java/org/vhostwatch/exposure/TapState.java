package org.vhostwatch.exposure;

import java.util.List;

/**
 * A tap, as far as it decides what packets it can receive.
 *
 * @param offloads segmentation offloads that are on, by ethtool's names: with them it takes
 *     super-packets
 * @param offloadTrouble why the offloads are not known, empty if they are
 * @param mtu in bytes, 0 if not known
 * @param uplinks devices from which packets reach its bridge
 * @param uplinkTrouble why the uplinks are not known, empty if they are
 */
public record TapState(
    List<String> offloads,
    String offloadTrouble,
    int mtu,
    List<Uplink> uplinks,
    String uplinkTrouble) {
  public TapState {
    offloads = List.copyOf(offloads);
    uplinks = List.copyOf(uplinks);
  }

  /** Nothing is known, for a reason. */
  static TapState unknown(String trouble) {
    return new TapState(List.of(), trouble, 0, List.of(), trouble);
  }
}
