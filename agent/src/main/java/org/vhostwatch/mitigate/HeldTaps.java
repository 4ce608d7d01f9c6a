package org.vhostwatch.mitigate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vhostwatch.host.Vmm;

/**
 * The taps that VMMs hold open, for hosts where no census can be taken. It cannot tell which of a
 * VMM's taps vhost_net serves, so it takes all.
 */
public final class HeldTaps {
  private static final Pattern MACVTAP = Pattern.compile("/dev/tap(\\d{1,9})");
  private static final Pattern NAME = Pattern.compile("(?m)^iff:\\t(.{1,15})$");
  private static final int MAX_FDINFO = 4096;

  private HeldTaps() {}

  /**
   * Returns one target a tap. The kernel takes rtnl to tell the name of a tap.
   *
   * @param vmms processes that own vhost workers
   * @param limit how long one process may take
   * @throws IOException if one takes longer, or may not be looked at
   */
  public static List<Target> of(List<Vmm> vmms, Duration limit)
      throws IOException, InterruptedException {
    List<Target> targets = new ArrayList<>();
    for (Vmm vmm : vmms) {
      targets.addAll(Deadline.call("taps of process " + vmm.pid(), limit, () -> of(vmm)));
    }
    return targets;
  }

  private static List<Target> of(Vmm vmm) throws IOException {
    Path process = Path.of("/proc", Integer.toString(vmm.pid()));
    Set<String> names = new TreeSet<>();
    Set<Integer> macvtaps = new TreeSet<>();
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path fd : fds) {
        String file = link(fd);
        Matcher macvtap = MACVTAP.matcher(file);
        if (file.equals("/dev/net/tun")) {
          names.addAll(tap(process.resolve("fdinfo").resolve(String.valueOf(fd.getFileName()))));
        } else if (macvtap.matches()) {
          macvtaps.add(Integer.valueOf(macvtap.group(1)));
        }
      }
    }
    List<Target> targets = new ArrayList<>();
    for (String name : names) {
      targets.add(target(vmm, name, 0, false));
    }
    for (int index : macvtaps) {
      targets.add(target(vmm, "index " + index, index, true));
    }
    return targets;
  }

  private static Target target(Vmm vmm, String name, int index, boolean macvtap) {
    return new Target(name, index, 0, vmm.pid(), vmm.name(), macvtap, "", true, true, List.of());
  }

  private static String link(Path fd) {
    try {
      return Files.readSymbolicLink(fd).toString();
    } catch (IOException e) {
      return ""; // closed meanwhile
    }
  }

  private static List<String> tap(Path fdinfo) {
    try (InputStream in = Files.newInputStream(fdinfo)) {
      String text = new String(in.readNBytes(MAX_FDINFO), StandardCharsets.UTF_8);
      Matcher name = NAME.matcher(text);
      return name.find() ? List.of(name.group(1)) : List.of();
    } catch (IOException e) {
      return List.of(); // closed meanwhile
    }
  }
}
