package org.vhostwatch.exposure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.vhostwatch.exposure.Uplink.State;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.libc.Ethtool;
import org.vhostwatch.libc.Fd;
import org.vhostwatch.libc.Feature;
import org.vhostwatch.libc.Interfaces;
import org.vhostwatch.libc.NetNamespace;

/**
 * Reads the state of taps and of what is before them. Each question about offloads takes rtnl,
 * which another may hold for ever: it is asked on a daemon thread, and after the first that is not
 * answered in time none is asked any more. Not thread-safe.
 */
public final class Taps implements AutoCloseable {

  private static final long PATIENCE_SECONDS = 5;

  private static final Set<String> MERGING = Set.of("rx-gro", "rx-gro-hw", "rx-lro");

  private static final int MAX_NAMESPACES = 4096;

  /** Its own features are on whatever the guest takes: tap_handle_frame does not go by them. */
  private static final String MACVTAP =
      "for a macvtap the kernel cuts packets by what its VMM asked for, which is shown nowhere";

  private final Links links;
  private final Map<Long, Fd> sockets = new HashMap<>();
  private boolean stuck;

  public Taps(ProcFs fs) {
    this.links = new Links(fs);
  }

  /** Returns the taps of this network namespace. */
  public List<TapPort> all() {
    List<TapPort> ports = new ArrayList<>();
    for (String name : links.taps()) {
      ports.add(new TapPort(name, links.index(name), links.master(name), 0, -1, false));
    }
    return ports;
  }

  /**
   * Reads a tap's state.
   *
   * @param pid process in whose network namespace it may be, 0 if not known
   */
  public TapState read(TapPort port, int pid) {
    if (port.name().isEmpty()) {
      return TapState.unknown("its tap is not known");
    }
    Fd socket;
    boolean own;
    try {
      // Takes no rtnl, has a deadline of its own, and loads the native library: not to be timed.
      socket = socket(port.netns(), pid);
      own = isOwn(port.netns());
    } catch (IOException e) {
      return TapState.unknown(String.valueOf(e.getMessage()));
    }
    List<String> offloads = new ArrayList<>();
    String trouble = "";
    if (port.macvtap()) {
      trouble = MACVTAP;
    } else {
      try {
        for (Feature feature : timed(() -> Ethtool.features(socket, port.name()))) {
          if (feature.active() && letsSuperPacketsThrough(feature.name())) {
            offloads.add(feature.name());
          }
        }
      } catch (IOException | IllegalArgumentException e) {
        trouble = String.valueOf(e.getMessage());
      }
    }
    if (!own) {
      return new TapState(
          offloads,
          trouble,
          mtu(socket, port.name(), false),
          List.of(),
          "it is in another network namespace than this process");
    }
    List<Uplink> uplinks = new ArrayList<>();
    for (Links.Link link : links.uplinks(port.master(), port.macvtap())) {
      uplinks.add(new Uplink(link.name(), link.kind(), merges(socket, link.name())));
    }
    return new TapState(offloads, trouble, mtu(socket, port.name(), true), uplinks, "");
  }

  /**
   * Returns the MTU, 0 if not known. Sysfs shows the devices of one namespace, which need not be
   * ours; the question to the kernel takes no rtnl and needs no deadline.
   */
  private int mtu(Fd socket, String name, boolean own) {
    int shown = own ? links.mtu(name) : 0;
    if (shown > 0) {
      return shown;
    }
    try {
      return Interfaces.mtu(socket, name);
    } catch (IOException | IllegalArgumentException e) {
      return 0;
    }
  }

  /**
   * With one of these on, the kernel does not cut packets to the MTU's size before it gives them to
   * the tap. Generic segmentation alone does not: it cuts late, but before the tap.
   */
  static boolean letsSuperPacketsThrough(String feature) {
    return feature.equals("tx-gso-list")
        || (feature.startsWith("tx-")
            && feature.endsWith("-segmentation")
            && !feature.equals("tx-generic-segmentation"));
  }

  private State merges(Fd socket, String name) {
    try {
      return timed(() -> Ethtool.features(socket, name)).stream()
              .anyMatch(feature -> feature.active() && MERGING.contains(feature.name()))
          ? State.ON
          : State.OFF;
    } catch (IOException | IllegalArgumentException e) {
      return State.UNKNOWN;
    }
  }

  private static boolean isOwn(long netns) throws IOException {
    return netns == 0 || netns == NetNamespace.inodeAt(Path.of("/proc/self/ns/net"));
  }

  private Fd socket(long netns, int pid) throws IOException {
    Fd known = sockets.get(netns);
    if (known != null) {
      return known;
    }
    try (NetNamespace namespace = isOwn(netns) ? NetNamespace.own() : other(netns, pid)) {
      Fd socket = namespace.socket();
      sockets.put(netns, socket);
      return socket;
    }
  }

  /**
   * The namespace is the VMM's, or one that has a name; or it is init's and we are in a container.
   */
  private static NetNamespace other(long netns, int pid) throws IOException {
    List<Path> files = new ArrayList<>();
    if (pid > 0) {
      files.add(Path.of("/proc", String.valueOf(pid), "ns/net"));
    }
    files.add(Path.of("/proc/1/ns/net"));
    for (String folder : List.of("/run/netns", "/run/docker/netns")) {
      try (Stream<Path> named = Files.list(Path.of(folder))) {
        named.limit(MAX_NAMESPACES).forEach(files::add);
      } catch (IOException e) {
        // There is no such folder, or it may not be read: nothing to look for there.
      }
    }
    for (Path file : files) {
      try {
        if (NetNamespace.inodeAt(file) == netns) {
          return NetNamespace.at(file);
        }
      } catch (IOException e) {
        // Gone, or not ours to look at: another may be it.
      }
    }
    throw new IOException(
        "its network namespace (" + netns + ") was not found or may not be entered");
  }

  private <T> T timed(Callable<T> question) throws IOException {
    String noAnswer = "the kernel did not answer in " + PATIENCE_SECONDS + " s (rtnl is held)";
    if (stuck) {
      throw new IOException(noAnswer);
    }
    FutureTask<T> task = new FutureTask<>(question);
    Thread thread = new Thread(task, "offloads");
    thread.setDaemon(true);
    thread.start();
    try {
      return task.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      stuck = true;
      throw new IOException(noAnswer, e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io
          ? io
          : new IOException(String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Gives the sockets back, unless a question that was not answered may still use them. */
  @Override
  public void close() throws IOException {
    if (!stuck) {
      for (Fd socket : sockets.values()) {
        socket.close();
      }
    }
  }
}
