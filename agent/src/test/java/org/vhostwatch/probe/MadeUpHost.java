package org.vhostwatch.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.vhostwatch.host.FakeHost;

/**
 * A host with vhost_net and one VM, for the agent as a process of its own: it is mounted over /proc
 * and /sys where nobody else sees it. What a process needs of the real ones, itself above all, is
 * there as links.
 */
final class MadeUpHost {

  /** Above what the kernel gives, so that real processes can be shown beside. */
  static final int VM = 10_000_000;

  private static final List<String> PROC =
      List.of(
          "self",
          "thread-self",
          "mounts",
          "cpuinfo",
          "meminfo",
          "stat",
          "uptime",
          "loadavg",
          "sys",
          "cgroups",
          "filesystems",
          "vmstat",
          "version",
          "diskstats",
          "net");

  private static final List<String> SYS = List.of("devices", "fs", "class", "block", "bus");

  /** Mounts the host given as the first argument, and becomes the rest. */
  private static final String ENTER =
      """
      root=$1 && shift
      mount --rbind /proc "$root/real/proc"
      mount --rbind /sys "$root/real/sys"
      mount --bind "$root/proc" /proc
      mount --bind "$root/sys" /sys
      exec "$@"
      """;

  private MadeUpHost() {}

  /** Writes the host below a folder; returns that. */
  static Path write(Path root) throws IOException {
    FakeHost host = Kernels.v6_18(root);
    host.process(VM, "qemu", 10, "qemu", "-name", "guest=web01")
        .worker(VM, VM + 5, "vhost-" + VM, 11, 0)
        .file("sys/kernel/tracing/README", "tracing\n");
    StringBuilder modules = new StringBuilder();
    for (String module : List.of("vhost_net", "vhost", "tun")) {
      modules.append(module).append(" 65536 1 - Live 0xffffffffc0a00000\n");
      host.file("sys/module/" + module + "/initstate", "live\n");
    }
    host.file("proc/modules", modules.toString());
    for (String kind : List.of("proc", "sys")) {
      Files.createDirectories(root.resolve("real").resolve(kind));
      for (String name : kind.equals("proc") ? PROC : SYS) {
        Files.createSymbolicLink(
            root.resolve(kind).resolve(name), root.resolve("real").resolve(kind).resolve(name));
      }
    }
    return root;
  }

  /** Returns the beginning of a command that runs on the host, as root. */
  static List<String> enter(Path root) {
    return List.of("unshare", "-m", "sh", "-ec", ENTER, "-", root.toString());
  }
}
