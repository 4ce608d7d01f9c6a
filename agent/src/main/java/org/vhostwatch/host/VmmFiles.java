package org.vhostwatch.host;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Infers from the open files of a VMM which tap each of its workers serves, where no census can
 * tell: the name of a tap is in the description of its file, which files belong together follows
 * from their order ({@link TapPairing}), and workers are made in the order of the vhost files.
 *
 * <p>The description of a tap's file is read under the lock of all network devices (rtnl): not for
 * the detection path, not each cycle, and only with a deadline.
 */
public final class VmmFiles {

  /** More descriptors than a VMM with hundreds of queues has. */
  private static final int MAX_FILES = 16_384;

  private static final int MAX_DESCRIPTION = 4 << 10;
  private static final String TUN = "/dev/net/tun";
  private static final String VHOST_NET = "/dev/vhost-net";
  private static final Pattern VHOST = Pattern.compile("/dev/vhost-[a-z]+");
  private static final Pattern MACVTAP = Pattern.compile("/dev/tap([0-9]{1,9})");
  private static final Pattern NAMESPACE = Pattern.compile("net:\\[([0-9]{1,18})]");

  private final ProcFs fs;

  public VmmFiles(ProcFs fs) {
    this.fs = fs;
  }

  /**
   * Returns the tap of those workers for which it can be told.
   *
   * @param pid the VMM
   * @param workers all its workers, in any order
   */
  public Map<WorkerId, TapPort> ports(int pid, List<Worker> workers) {
    SortedMap<Integer, TapPort> taps = new TreeMap<>();
    SortedSet<Integer> vhostNets = new TreeSet<>();
    List<Integer> vhosts = new ArrayList<>();
    long netns = namespace("proc/" + pid + "/ns/net");
    boolean own = netns != 0 && netns == namespace("proc/self/ns/net");
    int[] descriptors = fs.ids("proc/" + pid + "/fd", 0);
    if (descriptors.length > MAX_FILES) {
      return Map.of();
    }
    for (int fd : descriptors) {
      String target = fs.link("proc/" + pid + "/fd/" + fd).orElse("");
      Matcher macvtap = MACVTAP.matcher(target);
      if (target.equals(TUN)) {
        taps.put(fd, port(tapName(pid, fd), netns, own));
      } else if (macvtap.matches()) {
        int ifindex = Integer.parseInt(macvtap.group(1));
        taps.put(fd, port(own ? nameOf(ifindex) : "", netns, own));
      } else if (VHOST.matcher(target).matches()) {
        vhosts.add(fd);
        if (target.equals(VHOST_NET)) {
          vhostNets.add(fd);
        }
      }
    }
    // A worker for each file, in the order of the files; else it cannot be told which is whose.
    if (vhosts.size() != workers.size()) {
      return Map.of();
    }
    Map<Integer, TapPort> pairs = TapPairing.infer(taps, vhostNets);
    List<Worker> ordered =
        workers.stream()
            .sorted(Comparator.comparingLong(Worker::startTicks).thenComparingInt(Worker::tid))
            .toList();
    Map<WorkerId, TapPort> ports = new HashMap<>();
    for (int i = 0; i < vhosts.size(); i++) {
      TapPort port = pairs.get(vhosts.get(i));
      if (port != null) {
        ports.put(ordered.get(i).id(), port);
      }
    }
    return ports;
  }

  /** Returns the kinds of vhost devices that a process has open, as {@code vhost-net}, sorted. */
  public List<String> devices(int pid) {
    SortedSet<String> kinds = new TreeSet<>();
    int[] descriptors = fs.ids("proc/" + pid + "/fd", 0);
    for (int i = 0; i < Math.min(MAX_FILES, descriptors.length); i++) {
      String target = fs.link("proc/" + pid + "/fd/" + descriptors[i]).orElse("");
      if (VHOST.matcher(target).matches()) {
        kinds.add(target.substring("/dev/".length()));
      }
    }
    return List.copyOf(kinds);
  }

  private String tapName(int pid, int fd) {
    return Fields.of(fs, "proc/" + pid + "/fdinfo/" + fd, MAX_DESCRIPTION).text("iff").orElse("");
  }

  /** Index and master are in sysfs, which shows the devices of our own namespace only. */
  private TapPort port(String name, long netns, boolean own) {
    boolean plain = !name.isEmpty() && name.indexOf('/') < 0 && !name.equals("..");
    if (!own || !plain) {
      return new TapPort(name, 0, "", netns, -1, false);
    }
    String device = "sys/class/net/" + name;
    int ifindex = fs.text(device + "/ifindex", 64).map(ProcFs::id).orElse(0);
    String master =
        fs.link(device + "/master")
            .map(target -> target.substring(target.lastIndexOf('/') + 1))
            .orElse("");
    return new TapPort(name, Math.max(0, ifindex), master, netns, -1, false);
  }

  private String nameOf(int ifindex) {
    for (String name : fs.names("sys/class/net")) {
      Optional<String> index = fs.text("sys/class/net/" + name + "/ifindex", 64);
      if (index.isPresent() && ProcFs.id(index.get()) == ifindex) {
        return name;
      }
    }
    return "";
  }

  private long namespace(String link) {
    Matcher matcher = NAMESPACE.matcher(fs.link(link).orElse(""));
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
  }
}
