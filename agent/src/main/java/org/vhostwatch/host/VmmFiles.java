package org.vhostwatch.host;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
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
 * from their order ({@link TapPairing}), and workers are made in the order of the vhost-net files.
 * Those of other kinds come last, whatever their descriptors: libvirt opens vhost-vsock before the
 * networks, but QEMU makes itself its owner with the devices, after all networks.
 *
 * <p>The order holds for what was there at the VM's start. What is plugged in later gets the
 * descriptors that happen to be free and a worker after all others. With several NICs, or other
 * vhost devices beside one, something is only said if nothing can have been plugged in.
 *
 * <p>The description of a tap's file is read under the lock of all network devices (rtnl): not for
 * the detection path, not each cycle, and only with a deadline.
 */
public final class VmmFiles {

  /** More descriptors than a VMM with hundreds of queues has. */
  private static final int MAX_FILES = 16_384;

  /**
   * Between the start of a VMM and its last worker, in {@link Worker#TICKS_PER_SECOND}: ten seconds
   * for libvirt's work between fork and exec on a busy host. Nobody plugs a NIC into a guest that
   * has not booted, except a script that does not wait for it.
   */
  private static final long MAX_AFTER_START = 10L * Worker.TICKS_PER_SECOND;

  /**
   * Between the first and the last worker, in the same unit. QEMU makes them one after the other
   * before it listens to whoever could plug in more: two seconds are enough for hundreds.
   */
  private static final long MAX_APART = 2L * Worker.TICKS_PER_SECOND;

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
   * Returns the tap of those workers for which it can be told; none if a device may have been
   * plugged in after the VM's start.
   *
   * @param pid the VMM
   * @param workers all its workers, in any order
   */
  public Map<WorkerId, TapPort> ports(int pid, List<Worker> workers) {
    SortedMap<Integer, TapPort> taps = new TreeMap<>();
    SortedSet<Integer> vhostNets = new TreeSet<>();
    List<Integer> others = new ArrayList<>();
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
        if (target.equals(VHOST_NET)) {
          vhostNets.add(fd);
        } else {
          others.add(fd);
        }
      }
    }
    // A worker for each file; else it cannot be told which is whose.
    if (vhostNets.size() + others.size() != workers.size()) {
      return Map.of();
    }
    boolean oneNic = taps.values().stream().map(TapPort::name).distinct().count() <= 1;
    if (!(oneNic && others.isEmpty()) && !madeAtStart(pid, workers)) {
      return Map.of();
    }
    Map<Integer, TapPort> pairs = TapPairing.infer(taps, vhostNets);
    List<Worker> ordered =
        workers.stream()
            .sorted(Comparator.comparingLong(Worker::startTicks).thenComparingInt(Worker::tid))
            .toList();
    Map<WorkerId, TapPort> ports = new HashMap<>();
    int place = 0;
    for (int fd : vhostNets) {
      TapPort port = pairs.get(fd);
      if (port != null) {
        ports.put(ordered.get(place).id(), port);
      }
      place++;
    }
    return ports;
  }

  /** Returns whether all workers are as old as the VMM: nothing was plugged in since. */
  private boolean madeAtStart(int pid, List<Worker> workers) {
    Optional<TaskStat> vmm =
        TaskStat.read(fs, "proc/" + pid + "/stat", new byte[TaskStat.MAX_BYTES]);
    LongSummaryStatistics starts =
        workers.stream().mapToLong(Worker::startTicks).summaryStatistics();
    return vmm.isPresent()
        && starts.getMin() >= vmm.get().startTicks()
        && starts.getMax() - vmm.get().startTicks() <= MAX_AFTER_START
        && starts.getMax() - starts.getMin() <= MAX_APART;
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
