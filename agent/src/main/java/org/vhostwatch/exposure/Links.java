package org.vhostwatch.exposure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.vhostwatch.host.ProcFs;

/** The network devices of this process' network namespace, as /sys/class/net shows them. */
final class Links {

  private static final String FOLDER = "sys/class/net/";
  private static final String LOWER = "lower_";
  private static final int SMALL = 4 << 10;

  /** A bond of VLANs of a bond is deep; no chain that means something is deeper. */
  private static final int MAX_DEPTH = 4;

  private static final int MAX_LINKS = 64;
  private static final int IFF_TAP = 2;

  private final ProcFs fs;

  Links(ProcFs fs) {
    this.fs = fs;
  }

  /** A device and what it is. */
  record Link(String name, String kind) {}

  /** Returns the names of all taps, in order. */
  List<String> taps() {
    return fs.names(FOLDER).stream().filter(this::isTap).sorted().toList();
  }

  private boolean isTap(String name) {
    String flags = fs.text(FOLDER + name + "/tun_flags", SMALL).orElse("");
    try {
      return flags.startsWith("0x") && (Integer.parseInt(flags.substring(2), 16) & IFF_TAP) != 0;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  /** Returns the name of the bridge or bond that a device is a port of, empty if none. */
  String master(String name) {
    try {
      Path master = Files.readSymbolicLink(fs.path(FOLDER + name + "/master")).getFileName();
      return master == null ? "" : master.toString();
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }

  /** Returns the index of a device, 0 if it is not there. */
  int index(String name) {
    return number(name, "ifindex");
  }

  /** Returns the MTU of a device, 0 if it is not there. */
  int mtu(String name) {
    return number(name, "mtu");
  }

  private int number(String name, String attribute) {
    if (!isName(name)) {
      return 0;
    }
    String text = fs.text(FOLDER + name + "/" + attribute, SMALL).orElse("");
    return text.matches("\\d{1,9}") ? Integer.parseInt(text) : 0;
  }

  /**
   * Returns the devices through which packets come to a bridge, other than taps: of a bond or a
   * VLAN those below it, because it is there that packets are merged.
   *
   * @param below whether the device itself counts if nothing is below it, as for a macvtap
   */
  List<Link> uplinks(String master, boolean below) {
    Set<Link> found = new LinkedHashSet<>();
    if (isName(master)) {
      if (below) {
        descend(master, 0, found);
      } else {
        lowers(master).forEach(port -> descend(port, 1, found));
      }
    }
    return List.copyOf(found);
  }

  private void descend(String name, int depth, Set<Link> found) {
    if (!isName(name) || isTap(name) || found.size() >= MAX_LINKS) {
      return;
    }
    List<String> lowers = depth < MAX_DEPTH ? lowers(name) : List.of();
    if (lowers.isEmpty()) {
      found.add(new Link(name, kind(name)));
    }
    lowers.forEach(lower -> descend(lower, depth + 1, found));
  }

  private List<String> lowers(String name) {
    List<String> lowers = new ArrayList<>();
    for (String entry : fs.names(FOLDER + name).stream().sorted().toList()) {
      if (entry.startsWith(LOWER)) {
        lowers.add(entry.substring(LOWER.length()));
      }
    }
    return lowers;
  }

  private String kind(String name) {
    if (fs.exists(FOLDER + name + "/device")) {
      return "physical";
    }
    if (fs.exists(FOLDER + name + "/bonding")) {
      return "bond";
    }
    return fs.text(FOLDER + name + "/uevent", SMALL)
        .orElse("")
        .lines()
        .filter(line -> line.startsWith("DEVTYPE="))
        .map(line -> line.substring("DEVTYPE=".length()))
        .findFirst()
        .orElse("virtual");
  }

  private static boolean isName(String name) {
    return !name.isEmpty() && !name.contains("/") && !name.equals(".") && !name.equals("..");
  }
}
