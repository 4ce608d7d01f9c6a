package org.vhostwatch.probe;

import org.vhostwatch.host.TapPort;

/**
 * One RX virtqueue of one vhost_net file, as the census read it from kernel memory.
 *
 * @param vq address of the {@code struct vhost_virtqueue}: the queue's identity in the kernel
 * @param pid process in whose file table the vhost_net file was found
 * @param fd its file descriptor there
 * @param ownerPid process that did VHOST_SET_OWNER, 0 where the kernel does not keep it
 * @param workerTid thread that serves the queue, 0 when it has none
 * @param num ring size in descriptors
 * @param availIdx cached copy of the guest's avail index, 0 to 65535
 * @param lastAvailIdx next avail entry to fetch, 0 to 65535; in a livelock it is caught anywhere
 *     within a pass
 * @param lastUsedIdx next used entry to write, 0 to 65535: moves only when a packet was delivered
 * @param txLastAvailIdx the same device's TX queue: next avail entry to fetch
 * @param features acknowledged virtio features, as a bit set
 * @param busyloopMicros busy polling limit in microseconds, 0 when off
 * @param backend what the queue is attached to
 * @param waiting packets that vhost_net holds at the head of the tap (vhost_net_buf tail - head)
 * @param headPacket address of the packet at the head, 0 when none waits
 * @param headBytes length of the packet at the head without virtio header, 0 when none waits
 * @param port the tap end, {@link TapPort#NONE} when none is known
 */
public record CensusQueue(
    long vq,
    int pid,
    int fd,
    int ownerPid,
    int workerTid,
    int num,
    int availIdx,
    int lastAvailIdx,
    int lastUsedIdx,
    int txLastAvailIdx,
    long features,
    long busyloopMicros,
    Backend backend,
    int waiting,
    long headPacket,
    long headBytes,
    TapPort port) {

  /** What a queue is attached to. */
  public enum Backend {
    /** Nothing: the guest's driver is not ready, or the VMM stopped the device. */
    NONE,
    /** A queue of a tap device (tun.ko). */
    TUN,
    /** A queue of a macvtap or ipvtap device (tap.ko). */
    MACVTAP,
    /** A socket of another kind, or one that could not be told. */
    OTHER
  }

  private static final int VIRTIO_NET_F_MRG_RXBUF = 15;
  private static final int VIRTIO_F_IN_ORDER = 35;
  private static final int SMALL_BUFFER = 256;

  /** What vhost_net puts before a packet (struct virtio_net_hdr_mrg_rxbuf). */
  private static final int HEADER = 12;

  /** Returns the tap's name, empty if not known. */
  public String tap() {
    return port.name();
  }

  /** Returns the queue pair's index, 0 if not known. */
  public int queueIndex() {
    return Math.max(0, port.queueIndex());
  }

  /** Returns this queue with another tap end. */
  public CensusQueue with(TapPort other) {
    return new CensusQueue(
        vq,
        pid,
        fd,
        ownerPid,
        workerTid,
        num,
        availIdx,
        lastAvailIdx,
        lastUsedIdx,
        txLastAvailIdx,
        features,
        busyloopMicros,
        backend,
        waiting,
        headPacket,
        headBytes,
        other);
  }

  /** Returns whether a packet waits at the head. */
  public boolean packetWaits() {
    return backend != Backend.NONE && waiting > 0;
  }

  /** Returns the buffers that the guest has posted and vhost has not used, as vhost knows them. */
  public int postedBuffers() {
    return (availIdx - lastUsedIdx) & 0xffff;
  }

  /**
   * Returns whether the guest has not posted a buffer since its driver started, as far as vhost
   * knows; wrongly so in the one of 65,536 positions in which all indices have gone round to 0.
   */
  public boolean unused() {
    return availIdx == 0 && lastAvailIdx == 0 && lastUsedIdx == 0;
  }

  /**
   * Returns whether a packet waits at the head that the buffers which vhost knows of may not hold:
   * buffers smaller than {@value #SMALL_BUFFER} bytes are not to be expected.
   */
  public boolean mayNotFit() {
    return packetWaits()
        && (mergeable()
            ? (long) postedBuffers() * SMALL_BUFFER < headBytes + HEADER
            : postedBuffers() == 0);
  }

  /** Returns whether the guest acknowledged mergeable RX buffers. */
  public boolean mergeable() {
    return (features >>> VIRTIO_NET_F_MRG_RXBUF & 1) == 1;
  }

  /** Returns whether the guest acknowledged that buffers are used in the order posted. */
  public boolean inOrder() {
    return (features >>> VIRTIO_F_IN_ORDER & 1) == 1;
  }

  /** Returns the process that the queue belongs to: the owner where known, else the file's. */
  public int process() {
    return ownerPid != 0 ? ownerPid : pid;
  }
}
