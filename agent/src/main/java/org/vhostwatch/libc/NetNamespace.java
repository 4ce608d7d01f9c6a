package org.vhostwatch.libc;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * An open handle on a network namespace: it keeps the namespace alive, tells its inode number, by
 * which the kernel and its tools name namespaces, and makes sockets in it.
 *
 * <p>Entering a namespace changes the calling thread for ever, so it happens on a thread of its own
 * that ends right after. No other thread of this process ever leaves its namespace.
 */
public final class NetNamespace implements AutoCloseable {
  private static final int O_RDONLY_CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SO_NETNS_COOKIE = 71;
  private static final int CLONE_NEWNET = 0x40000000;

  /** Entering a namespace and making a socket wait for nothing; a kernel that is ill may. */
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  private final Fd fd;
  private final String name;
  private final long inode;

  private NetNamespace(Fd fd, String name, long inode) {
    this.fd = fd;
    this.name = name;
    this.inode = inode;
  }

  /** Opens the network namespace that this process started in. */
  public static NetNamespace own() throws IOException {
    // Of the main thread, not of the calling one: those that enter a namespace must not matter.
    return open(Path.of("/proc/self/ns/net"), "own network namespace");
  }

  /**
   * Opens the network namespace of a process. What it is stays certain when the process ends and
   * its number is used again: compare {@link #inode}.
   *
   * @throws IOException if there is no such process, or it may not be looked at (CAP_SYS_PTRACE)
   */
  public static NetNamespace ofProcess(long pid) throws IOException {
    String name = "network namespace of process " + pid;
    try {
      return open(Path.of("/proc", Long.toString(pid), "ns/net"), name);
    } catch (LibcException e) {
      throw switch (e.errno()) {
        case Errno.ENOENT, Errno.ESRCH ->
            new IOException(name + ": there is no such process any more", e);
        case Errno.EACCES, Errno.EPERM ->
            new IOException(
                name + ": not permitted to open it; run as root (CAP_SYS_PTRACE, CAP_SYS_ADMIN)",
                e);
        default -> e;
      };
    }
  }

  /**
   * Opens a namespace that a file holds, as {@code ip netns add} makes them below /run/netns.
   *
   * @throws LibcException if it cannot be opened
   */
  public static NetNamespace at(Path file) throws IOException {
    return open(file, "network namespace " + file);
  }

  private static NetNamespace open(Path file, String name) throws IOException {
    long number =
        Native.check(Native.libc().open(file.toString(), O_RDONLY_CLOEXEC, 0), "open", file);
    Fd fd = new Fd((int) number, name);
    try {
      // Asked of the descriptor, not of the path: that may lead elsewhere by now.
      return new NetNamespace(fd, name, inodeAt(Path.of("/proc/self/fd/" + number)));
    } catch (IOException | RuntimeException e) {
      try {
        fd.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /**
   * Returns the inode number of the namespace that a file stands for.
   *
   * @param file a link such as {@code /proc/PID/ns/net}, or a file below /run/netns
   * @throws IOException if there is none, or it may not be looked at
   */
  public static long inodeAt(Path file) throws IOException {
    return (Long) Files.getAttribute(file, "unix:ino");
  }

  /** Returns the inode number, which no other network namespace has as long as this is open. */
  public long inode() {
    return inode;
  }

  /**
   * Makes a datagram socket that belongs to this namespace: interfaces are asked and set through it
   * ({@link Ethtool}, {@link Interfaces}).
   *
   * @return the socket; the caller closes it
   * @throws IOException if the namespace may not be entered (CAP_SYS_ADMIN), or the kernel does not
   *     answer for 10 s
   */
  public Fd socket() throws IOException {
    if (inode == inodeAt(Path.of("/proc/thread-self/ns/net"))) {
      return Interfaces.socket(name);
    }
    return Visit.open("netns-" + inode, name, DEADLINE, this::enterAndMakeSocket);
  }

  private Fd enterAndMakeSocket() throws IOException {
    try {
      Native.check(Native.libc().setns(fd.number(), CLONE_NEWNET), "setns", name);
    } catch (LibcException e) {
      if (e.errno() == Errno.EPERM) {
        throw new IOException(
            name
                + ": not permitted to enter it: that takes root with CAP_SYS_ADMIN, which the service"
                + " has only with CapabilityBoundingSet=CAP_SYS_ADMIN and RestrictNamespaces=net in"
                + " a drop-in (`systemctl edit vhostwatch`, then restart it)",
            e);
      }
      throw e;
    }
    return Interfaces.socket(name);
  }

  /**
   * Returns the cookie of the namespace that a socket is in: unlike inode numbers, cookies are not
   * used again before the next boot.
   *
   * @return the cookie; 0 where the kernel (before 5.14) has none
   */
  public static long cookie(Fd socket) throws IOException {
    NativeMemory value = NativeMemory.allocate(8);
    NativeMemory length = NativeMemory.allocate(4);
    length.putInt(0, 8);
    int result =
        Native.libc()
            .getsockopt(
                socket.number(), SOL_SOCKET, SO_NETNS_COOKIE, value.pointer(), length.pointer());
    try {
      Native.check(result, "getsockopt", "SO_NETNS_COOKIE");
      return value.getLong(0);
    } catch (LibcException e) {
      if (e.errno() == Errno.ENOPROTOOPT) {
        return 0;
      }
      throw e;
    } finally {
      Reference.reachabilityFence(value);
      Reference.reachabilityFence(length);
    }
  }

  @Override
  public void close() throws IOException {
    fd.close();
  }

  @Override
  public String toString() {
    return name + " (" + inode + ")";
  }
}
