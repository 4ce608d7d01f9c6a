package org.vhostwatch.mitigate;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.libc.NetNamespace;

/** Finds a network namespace again by its number: the kernel has no call for it. */
final class Namespaces {
  private static final Path PROC = Path.of("/proc");
  private static final Path NAMED = Path.of("/run/netns");

  private Namespaces() {}

  /**
   * Opens a namespace, by its own number, a process that should be in it, the names that iproute2
   * gives, or any process at all.
   *
   * @param inode number of the namespace; 0 for that of the process, or our own without one
   * @param pid a process that is likely to be in it, 0 if none is known
   * @return the namespace; null when nothing on this host leads to it: then it is gone, or only
   *     open files keep it
   */
  static @Nullable NetNamespace find(long inode, long pid) throws IOException {
    if (inode == 0) {
      return pid == 0 ? NetNamespace.own() : NetNamespace.ofProcess(pid);
    }
    NetNamespace found = same(inode, PROC.resolve("self/ns/net"));
    if (found == null && pid != 0) {
      found = same(inode, process(pid));
    }
    if (found == null && Files.isDirectory(NAMED)) {
      found = in(inode, NAMED, "");
    }
    return found != null ? found : in(inode, PROC, "ns/net");
  }

  /** Returns all namespaces that something on this host leads to: the ways, by their numbers. */
  static Map<Long, Path> all() throws IOException {
    List<Path> ways = new ArrayList<>(List.of(PROC.resolve("self/ns/net")));
    if (Files.isDirectory(NAMED)) {
      ways.addAll(ways(NAMED, ""));
    }
    ways.addAll(ways(PROC, "ns/net"));
    Map<Long, Path> all = new HashMap<>();
    for (Path way : ways) {
      try {
        all.putIfAbsent(NetNamespace.inodeAt(way), way);
      } catch (IOException e) {
        // Ended meanwhile, or may not be looked at: not this way.
      }
    }
    return all;
  }

  private static @Nullable NetNamespace in(long inode, Path folder, String below)
      throws IOException {
    for (Path way : ways(folder, below)) {
      NetNamespace found = same(inode, way);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static List<Path> ways(Path folder, String below) throws IOException {
    List<Path> ways = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        if (below.isEmpty()) {
          ways.add(entry);
        } else if (Character.isDigit(name.charAt(0))) {
          ways.add(entry.resolve(below));
        }
      }
    }
    return ways;
  }

  private static @Nullable NetNamespace same(long inode, Path file) {
    try {
      // Looked at before it is opened: below /run/netns anything may lie.
      if (NetNamespace.inodeAt(file) != inode) {
        return null;
      }
      NetNamespace namespace = NetNamespace.at(file);
      if (namespace.inode() == inode) {
        return namespace;
      }
      namespace.close();
    } catch (IOException e) {
      // A process that ended meanwhile, or one that may not be looked at: not this way.
    }
    return null;
  }

  private static Path process(long pid) {
    return PROC.resolve(Long.toString(pid)).resolve("ns/net");
  }
}
