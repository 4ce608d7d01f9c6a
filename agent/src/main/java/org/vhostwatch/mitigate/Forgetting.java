package org.vhostwatch.mitigate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.libc.Errno;
import org.vhostwatch.libc.Fd;
import org.vhostwatch.libc.Interfaces;
import org.vhostwatch.libc.LibcException;
import org.vhostwatch.libc.NetNamespace;

/**
 * Which remembered taps need be remembered no more: VMs come and go, and each brings a tap. What
 * only cannot be looked at now is not gone.
 */
final class Forgetting {
  /** Of taps in namespaces that nothing leads to, so many are remembered: the latest. */
  static final int MAX_LOST = 1000;

  /** What became of a tap. */
  enum Fate {
    /** There is an interface with its index, or it cannot be looked at. */
    THERE,
    GONE,
    /** Nothing leads to its namespace: that is gone, or only open files keep it. */
    LOST
  }

  private Forgetting() {}

  /**
   * Returns what is to be remembered still, in the same order.
   *
   * @param entries in the order in which they were made
   * @param boot id of this boot, which no tap of another outlives
   * @param fates of those of this boot; what is missing there is kept
   */
  static List<Entry> kept(List<Entry> entries, String boot, Map<Entry, Fate> fates) {
    List<Entry> kept = new ArrayList<>();
    int lost = 0;
    for (int i = entries.size() - 1; i >= 0; i--) {
      Entry entry = entries.get(i);
      Fate fate = entry.boot().equals(boot) ? fates.getOrDefault(entry, Fate.THERE) : Fate.GONE;
      lost += fate == Fate.LOST ? 1 : 0;
      if (fate == Fate.THERE || (fate == Fate.LOST && lost <= MAX_LOST)) {
        kept.add(entry);
      }
    }
    Collections.reverse(kept);
    return kept;
  }

  /** Looks for the taps of this boot. Does not wait for rtnl: names are told without it. */
  static Map<Entry, Fate> look(List<Entry> entries) throws IOException {
    Map<Long, List<Entry>> namespaces = new LinkedHashMap<>();
    entries.forEach(
        entry -> namespaces.computeIfAbsent(entry.netns(), any -> new ArrayList<>()).add(entry));
    Map<Long, Path> ways = Namespaces.all();
    Map<Entry, Fate> fates = new HashMap<>();
    namespaces.forEach((netns, taps) -> look(netns, ways.get(netns), taps, fates));
    return fates;
  }

  private static void look(
      long netns, @Nullable Path way, List<Entry> taps, Map<Entry, Fate> fates) {
    if (way == null) {
      taps.forEach(tap -> fates.put(tap, Fate.LOST));
      return;
    }
    try (NetNamespace namespace = NetNamespace.at(way)) {
      if (namespace.inode() == netns) {
        try (Fd socket = namespace.socket()) {
          long cookie = NetNamespace.cookie(socket);
          for (Entry tap : taps) {
            fates.put(tap, fate(socket, cookie, tap));
          }
        }
      }
    } catch (IOException e) {
      // It may not be entered, or ended just now: of those that were not asked for nothing is said.
    }
  }

  private static Fate fate(Fd socket, long cookie, Entry tap) throws IOException {
    if (cookie != 0 && tap.cookie() != 0 && cookie != tap.cookie()) {
      return Fate.GONE; // with its namespace, whose number is another's now
    }
    try {
      String unused = Interfaces.name(socket, tap.ifindex());
      return Fate.THERE;
    } catch (LibcException e) {
      if (e.errno() == Errno.ENODEV || e.errno() == Errno.ENXIO) {
        return Fate.GONE;
      }
      throw e;
    }
  }
}
