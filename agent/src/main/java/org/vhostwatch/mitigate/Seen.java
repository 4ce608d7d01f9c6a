package org.vhostwatch.mitigate;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.libc.Feature;

/**
 * A tap as it was found.
 *
 * @param name its name now
 * @param ifindex its index, 0 if it was not found
 * @param netns inode number of its network namespace
 * @param cookie cookie of that namespace, 0 if the kernel has none
 * @param driver its driver
 * @param mtu largest packet that is sent through it, 0 if it was not found
 * @param features all that it has
 */
record Seen(
    String name,
    int ifindex,
    long netns,
    long cookie,
    String driver,
    int mtu,
    List<Feature> features) {

  /** What macvtap and ipvtap devices say of their driver. */
  private static final Set<String> MACVTAPS = Set.of("macvlan", "ipvlan");

  static Seen none(Target target) {
    return new Seen(target.name(), target.ifindex(), target.netns(), 0, "", 0, List.of());
  }

  /**
   * Looks at a tap. May wait for rtnl.
   *
   * @return the tap; empty if it is gone for certain
   * @throws IOException if it is not found, or what is there is not the tap that is meant
   */
  static Optional<Seen> of(Target target) throws IOException {
    try (TapDevice device = find(target)) {
      if (device == null) {
        // A name alone, or a namespace that is only likely, leaves other places where it may be.
        if (target.netns() != 0 && target.ifindex() != 0) {
          return Optional.empty();
        }
        throw new IOException("it is gone, or in another network namespace");
      }
      String driver = device.driver();
      check(target, device.name(), driver);
      return Optional.of(
          new Seen(
              device.name(),
              device.ifindex(),
              device.netns(),
              device.cookie(),
              driver,
              device.mtu(),
              device.features()));
    }
  }

  private static @Nullable TapDevice find(Target target) throws IOException {
    boolean nameOnly = target.ifindex() == 0 && target.netns() == 0 && target.pid() != 0;
    return nameOnly
        ? TapDevice.held(target.pid(), target.name())
        : TapDevice.find(target.netns(), target.pid(), target.ifindex(), target.name());
  }

  /** Where a namespace has another's number, or is not the right one, any device has the index. */
  private static void check(Target target, String name, String driver) throws IOException {
    boolean macvtap = MACVTAPS.contains(driver);
    if (macvtap != target.macvtap()) {
      throw new IOException(macvtap(target));
    }
    if (!macvtap && !driver.equals(TapDevice.DRIVER)) {
      throw new IOException(
          name + " is not a tap: its driver is " + (driver.isEmpty() ? "not known" : driver));
    }
    if (!macvtap && target.ifindex() != 0 && !name.equals(target.name())) {
      throw new IOException(
          "index " + target.ifindex() + " is called " + name + " now: look at the host again");
    }
  }

  /** Returns why nothing is done on a macvtap, and what would help. */
  static String macvtap(Target target) {
    // The kernel cuts for it by what the VMM asked for alone (tap_handle_frame).
    String lower = target.lower().isEmpty() ? "the device below it" : target.lower();
    return "a macvtap: its own features do not reach the guest's way in; what does is"
        + " gro and lro off on "
        + lower
        + ", which concerns all of its traffic and is left to you";
  }
}
