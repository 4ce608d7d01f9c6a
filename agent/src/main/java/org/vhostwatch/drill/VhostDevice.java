package org.vhostwatch.drill;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.vhostwatch.libc.EventFd;
import org.vhostwatch.libc.Fd;
import org.vhostwatch.libc.NativeMemory;

/**
 * A vhost device of our own, by the ioctls of linux/vhost.h. Queue 0 receives, queue 1 sends (both
 * as the guest sees it).
 */
final class VhostDevice implements AutoCloseable {
  static final int RX = 0;
  static final int TX = 1;

  private static final int NO_BACKEND = -1;
  private static final long GET_FEATURES = 0x8008af00L;
  private static final long SET_FEATURES = 0x4008af00L;
  private static final long SET_OWNER = 0xaf01L;
  private static final long SET_MEM_TABLE = 0x4008af03L;
  private static final long SET_VRING_NUM = 0x4008af10L;
  private static final long SET_VRING_ADDR = 0x4028af11L;
  private static final long SET_VRING_BASE = 0x4008af12L;
  private static final long SET_VRING_KICK = 0x4008af20L;
  private static final long SET_VRING_CALL = 0x4008af21L;
  private static final long NET_SET_BACKEND = 0x4008af30L;

  private final Fd fd;

  private VhostDevice(Fd fd) {
    this.fd = fd;
  }

  /**
   * Opens a device; it has neither owner nor worker yet.
   *
   * @param file the device file of vhost_net
   * @throws DrillException if vhost_net is not there or may not be used
   */
  static VhostDevice open(Path file) throws IOException {
    return new VhostDevice(Devices.open(file.toString(), "vhost_net"));
  }

  /** Makes this process the owner: the kernel starts the worker, named after the calling thread. */
  void own() throws IOException {
    fd.ioctl("VHOST_SET_OWNER", SET_OWNER, 0);
  }

  /**
   * Accepts features.
   *
   * @throws DrillException if this kernel does not offer one of them
   */
  void accept(DrillFeatures features) throws IOException {
    NativeMemory bits = NativeMemory.allocate(8);
    fd.ioctl("VHOST_GET_FEATURES", GET_FEATURES, bits);
    List<String> missing = features.missingFrom(bits.getLong(0));
    if (!missing.isEmpty()) {
      throw DrillException.cannotRun(
          "vhost_net of this kernel does not offer " + String.join(", ", missing), null);
    }
    bits.putLong(0, features.bits());
    fd.ioctl("VHOST_SET_FEATURES", SET_FEATURES, bits);
  }

  /** Tells where the memory of the guest is: one region. */
  void share(GuestMemory guest) throws IOException {
    NativeMemory table = NativeMemory.allocate(40);
    table.putInt(0, 1);
    table.putLong(8, GuestMemory.GUEST_BASE);
    table.putLong(16, guest.memory().size());
    table.putLong(24, guest.memory().address());
    fd.ioctl("VHOST_SET_MEM_TABLE", SET_MEM_TABLE, table);
  }

  /** Sets one queue up, with both indices at 0. */
  void queue(int queue, RingLayout layout, NativeMemory memory, EventFd kick, EventFd call)
      throws IOException {
    fd.ioctl("VHOST_SET_VRING_NUM", SET_VRING_NUM, pair(queue, layout.size()));
    fd.ioctl("VHOST_SET_VRING_BASE", SET_VRING_BASE, pair(queue, 0));
    NativeMemory addresses = NativeMemory.allocate(40);
    addresses.putInt(0, queue);
    addresses.putLong(8, memory.address() + layout.descriptors());
    addresses.putLong(16, memory.address() + layout.used());
    addresses.putLong(24, memory.address() + layout.available());
    fd.ioctl("VHOST_SET_VRING_ADDR", SET_VRING_ADDR, addresses);
    fd.ioctl("VHOST_SET_VRING_KICK", SET_VRING_KICK, pair(queue, kick.number()));
    fd.ioctl("VHOST_SET_VRING_CALL", SET_VRING_CALL, pair(queue, call.number()));
  }

  /** Starts both queues on a tap. */
  void attach(Tap tap) throws IOException {
    setBackend(TX, tap.descriptor());
    setBackend(RX, tap.descriptor());
  }

  /** Stops both queues: returns when the worker has let go of them, which ends a spin too. */
  void detach() throws IOException {
    setBackend(RX, NO_BACKEND);
    setBackend(TX, NO_BACKEND);
  }

  @Override
  public void close() throws IOException {
    fd.close();
  }

  private void setBackend(int queue, int descriptor) throws IOException {
    fd.ioctl("VHOST_NET_SET_BACKEND", NET_SET_BACKEND, pair(queue, descriptor));
  }

  private static NativeMemory pair(int first, int second) throws IOException {
    NativeMemory pair = NativeMemory.allocate(8);
    pair.putInt(0, first);
    pair.putInt(4, second);
    return pair;
  }
}
