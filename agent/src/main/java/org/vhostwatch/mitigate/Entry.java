package org.vhostwatch.mitigate;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is remembered of one tap.
 *
 * @param boot id of the boot that the tap lives in
 * @param netns inode number of its network namespace
 * @param cookie cookie of that namespace, 0 if the kernel has none
 * @param ifindex its index there
 * @param name its name when it was remembered; hostile text
 * @param driver its driver
 * @param vm the VM it served; hostile text
 * @param time when it was first changed, ISO 8601
 * @param requested features as they were requested before; empty when they are so again: then only
 *     this is remembered, that an operator wanted it back
 */
record Entry(
    String boot,
    long netns,
    long cookie,
    int ifindex,
    String name,
    String driver,
    String vm,
    String time,
    SortedMap<String, Boolean> requested) {
  Entry {
    requested = Collections.unmodifiableSortedMap(new TreeMap<>(requested));
  }

  /** Returns whether there is nothing left to restore. */
  boolean released() {
    return requested.isEmpty();
  }

  /** Returns this with other features to restore. */
  Entry with(SortedMap<String, Boolean> other) {
    return new Entry(boot, netns, cookie, ifindex, name, driver, vm, time, other);
  }

  /** Returns whether this is of that tap; its name may have changed since. */
  boolean of(String thatBoot, long thatNetns, long thatCookie, int thatIndex) {
    return boot.equals(thatBoot)
        && netns == thatNetns
        && (cookie == thatCookie || cookie == 0 || thatCookie == 0)
        && ifindex == thatIndex;
  }
}
