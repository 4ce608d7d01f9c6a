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
  /** What a tap says of its driver. */
  static final String DRIVER = "tun";

  private final Fd socket;
  private final String name;
  private final int ifindex;
  private final long netns;
  private final long cookie;

  /** Nothing on this host leads to the namespace of a tap: whether that is there is not known. */
  static final class NoWay extends IOException {
    private static final long serialVersionUID = 1L;

    NoWay() {
      super("its network namespace is not found");
    }
  }

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
   * @return the tap; null if there is none in that namespace
   * @throws NoWay if the namespace is not found
   */
  static @Nullable TapDevice find(long inode, int pid, int index, String name) throws IOException {
    try (NetNamespace namespace = Namespaces.find(inode, pid)) {
      if (namespace == null) {
        throw new NoWay();
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

  /**
   * Opens the tap of a name that a process holds, where nothing more is known: it is where the
   * process is or, if another gave it the descriptor, where we are.
   *
   * @return the tap; null if there is none in either place
   * @throws IOException if there is one in both
   */
  static @Nullable TapDevice held(int pid, String name) throws IOException {
    long there = place(pid, name);
    long here = place(0, name);
    if (there != 0 && here != 0 && there != here) {
      throw new IOException(
          "ambiguous: there is a tap of this name in the network namespace of process "
              + pid
              + " and another in ours, and without a census nothing tells which of them it uses");
    }
    return there == 0 && here == 0 ? null : find(0, there == 0 ? 0 : pid, 0, name);
  }

  /** Returns the namespace, of a process or ours, that has a tap of a name; 0 if it has none. */
  private static long place(int pid, String name) throws IOException {
    try (TapDevice found = find(0, pid, 0, name)) {
      return found != null && found.driver().equals(DRIVER) ? found.netns() : 0;
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

  /** Returns its driver, empty if it does not tell: then it is no tap. */
  String driver() throws IOException {
    try {
      return Ethtool.driver(socket, name);
    } catch (LibcException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        return "";
      }
      throw e;
    }
  }

  int mtu() throws IOException {
    return Interfaces.mtu(socket, name);
  }

  List<Feature> features() throws IOException {
    List<Feature> features = Ethtool.features(socket, name);
    hasItsName("");
    return features;
  }

  /**
   * The kernel is asked by name, and the name is for whoever has it then: one that went to another
   * tap since this one was found would have that one read, and changed.
   */
  private void hasItsName(String consequence) throws IOException {
    if (Interfaces.index(socket, name) != ifindex) {
      throw new IOException("its name went to another tap" + consequence);
    }
  }

  void request(Map<String, Boolean> wanted) throws IOException {
    hasItsName("");
    try {
      // Its answer is not needed: the features are read again, and say it of each.
      Ethtool.request(socket, name, wanted);
    } catch (LibcException e) {
      if (e.errno() == Errno.EPERM) {
        throw new IOException(
            "not permitted to change it: that takes root with CAP_NET_ADMIN, which the service has"
                + " only with CapabilityBoundingSet=CAP_NET_ADMIN in a drop-in (`systemctl edit"
                + " vhostwatch`, then restart it)",
            e);
      }
      throw e;
    }
    hasItsName(", which may have been changed in its place: `ethtool -k " + name + "` shows it");
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
