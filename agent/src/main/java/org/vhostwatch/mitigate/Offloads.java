package org.vhostwatch.mitigate;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.vhostwatch.libc.Feature;

/**
 * Which features of a tap let packets above its MTU through to the guest. All are of its way out,
 * which is the guest's way in; its {@code rx-*} features are of what the guest sends, and none of
 * our business.
 */
final class Offloads {
  /**
   * Not a segmentation feature, but the kernel drops TCP segmentation where it is off. A VMM
   * requests segmentation anew whenever the guest's driver starts; this it does not touch, so that
   * TCP stays cut after a reboot of the guest too.
   */
  static final String SCATTER_GATHER = "tx-scatter-gather";

  private Offloads() {}

  /** Returns whether a feature matters here. */
  static boolean matters(String feature) {
    return (feature.startsWith("tx-") && feature.endsWith("-segmentation"))
        || feature.equals("tx-gso-list")
        || feature.equals(SCATTER_GATHER);
  }

  /**
   * Returns what is to be turned off, with what is requested now: wanted or working, and not fixed.
   */
  static SortedMap<String, Boolean> on(List<Feature> features) {
    SortedMap<String, Boolean> on = new TreeMap<>();
    for (Feature feature : features) {
      if (matters(feature.name())
          && !feature.fixed()
          && (feature.active() || feature.requested())) {
        on.put(feature.name(), feature.requested());
      }
    }
    return on;
  }

  /** Returns the features that still let packets above the MTU through. */
  static List<String> open(List<Feature> features) {
    return features.stream()
        .filter(feature -> matters(feature.name()) && feature.active())
        .map(Feature::name)
        .filter(name -> !name.equals(SCATTER_GATHER) && !name.equals("tx-generic-segmentation"))
        .sorted()
        .toList();
  }
}
