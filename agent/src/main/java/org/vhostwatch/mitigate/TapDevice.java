package org.vhostwatch.mitigate;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.libc.Errno;
import org.vhostwatch.libc.Ethtool;
import org.vhostwatch.libc.Fd;
import org.vhostwatch.libc.Feature;
import org.vhostwatch.libc.Interfaces;
import org.vhostwatch.libc.LibcException;
import org.vhostwatch.libc.NetNamespace;

/** A tap of the kernel, in whatever namespace it is. Each method can wait for rtnl. */
final class TapDevice implements AutoCloseable {
  private final Fd socket;
  private final String name;
  private final int ifindex;
  private final long netns;
  private final long cookie;

  private TapDevice(Fd socket, String name, int ifindex, long netns, long cookie) {
    this.socket = socket;
    this.name = name;
    this.ifindex = ifindex;
    this.netns = netns;
    this.cookie = cookie;
  }

  /**
   * Opens the tap with an index in a namespace, whatever it is called now; without an index, the
   * one with a name.
   *
   * @return the tap; null if there is none, or its namespace is not found
   */
  static @Nullable TapDevice find(long inode, int pid, int index, String name) throws IOException {
    try (NetNamespace namespace = Namespaces.find(inode, pid)) {
      if (namespace == null) {
        return null;
      }
      Fd socket = namespace.socket();
      try {
        int there = index != 0 ? index : Interfaces.index(socket, name);
        String now = Interfaces.name(socket, there);
        return new TapDevice(socket, now, there, namespace.inode(), NetNamespace.cookie(socket));
      } catch (LibcException e) {
        socket.close();
        if (e.errno() == Errno.ENODEV || e.errno() == Errno.ENXIO) {
          return null;
        }
        throw e;
      } catch (IOException | RuntimeException e) {
        socket.close();
        throw e;
      }
    }
  }

  String name() {
    return name;
  }

  int ifindex() {
    return ifindex;
  }

  long netns() {
    return netns;
  }

  long cookie() {
    return cookie;
  }

  String driver() throws IOException {
    return Ethtool.driver(socket, name);
  }

  int mtu() throws IOException {
    return Interfaces.mtu(socket, name);
  }

  List<Feature> features() throws IOException {
    return Ethtool.features(socket, name);
  }

  void request(Map<String, Boolean> wanted) throws IOException {
    try {
      // Its answer is not needed: the features are read again, and say it of each.
      Ethtool.request(socket, name, wanted);
    } catch (LibcException e) {
      if (e.errno() == Errno.EPERM) {
        throw new IOException("not permitted to change it; run as root (CAP_NET_ADMIN)", e);
      }
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
