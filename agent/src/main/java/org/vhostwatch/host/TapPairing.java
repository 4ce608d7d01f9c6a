package org.vhostwatch.host;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * Infers which of a VMM's vhost_net files belongs to which of its taps' queues, where the kernel
 * has no pointer from one to the other. VMMs open, or are handed, the taps of a NIC and then its
 * vhost_net files in the same order: one by one (QEMU by itself) or all taps and then all vhost_net
 * files (libvirt). So the descriptors of a run of vhost_net files belong to those of the taps right
 * before it. A descriptor handed over under a number may come after the vhost_net file that QEMU
 * opened for it: with a single tap that is clear all the same. Wherever that does not add up,
 * nothing is said.
 */
public final class TapPairing {

  private TapPairing() {}

  /**
   * Returns the tap's queue for those vhost_net files for which it can be told, each with its place
   * among the queues of that tap as index.
   *
   * @param taps by file descriptor
   * @param vhosts file descriptors of the vhost_net files
   */
  public static Map<Integer, TapPort> infer(
      SortedMap<Integer, TapPort> taps, SortedSet<Integer> vhosts) {
    SortedMap<Integer, Boolean> descriptors = new TreeMap<>();
    taps.keySet().forEach(fd -> descriptors.put(fd, true));
    vhosts.forEach(fd -> descriptors.put(fd, false));
    Map<Integer, TapPort> pairs = new HashMap<>();
    Map<String, Integer> queues = new HashMap<>();
    List<TapPort> before = new ArrayList<>();
    List<Integer> run = new ArrayList<>();
    boolean ended = false;
    int placed = 0;
    for (Map.Entry<Integer, Boolean> descriptor : descriptors.entrySet()) {
      int fd = descriptor.getKey();
      TapPort tap = taps.get(fd);
      if (tap == null) {
        run.add(fd);
        ended = true;
        continue;
      }
      if (ended) {
        placed += pair(before, run, queues, pairs);
        before.clear();
        run.clear();
        ended = false;
      }
      before.add(tap);
    }
    placed += pair(before, run, queues, pairs);
    boolean contradictory = placed < vhosts.size() && placed < taps.size();
    return contradictory ? ofOneTap(taps, vhosts) : pairs;
  }

  private static Map<Integer, TapPort> ofOneTap(
      SortedMap<Integer, TapPort> taps, SortedSet<Integer> vhosts) {
    Map<Integer, TapPort> pairs = new HashMap<>();
    boolean one = taps.values().stream().map(TapPort::name).distinct().count() == 1;
    if (one && taps.size() == vhosts.size()) {
      pair(new ArrayList<>(taps.values()), new ArrayList<>(vhosts), new HashMap<>(), pairs);
    }
    return pairs;
  }

  /**
   * Returns how many vhost_net files found their place, whether or not the tap's name is known. A
   * tap without vhost may stand in front of the others, so the last ones count.
   */
  private static int pair(
      List<TapPort> taps,
      List<Integer> vhosts,
      Map<String, Integer> queues,
      Map<Integer, TapPort> pairs) {
    int skipped = taps.size() - vhosts.size();
    if (skipped < 0) {
      return 0;
    }
    for (int i = 0; i < vhosts.size(); i++) {
      TapPort tap = taps.get(skipped + i);
      if (!tap.name().isEmpty()) {
        int index = queues.merge(tap.name(), 1, Integer::sum) - 1;
        pairs.put(vhosts.get(i), tap.inferred(index));
      }
    }
    return vhosts.size();
  }
}
