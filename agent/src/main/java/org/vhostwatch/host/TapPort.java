package org.vhostwatch.host;

/**
 * The tap end of a queue.
 *
 * @param name name of the tap now, empty if not known; hostile text
 * @param ifindex its index in its network namespace, 0 if not known
 * @param master the bridge, Open vSwitch datapath or bond that the tap is a port of, empty if none
 *     or not known; of a macvtap the device below it; hostile text
 * @param netns inode number of the tap's network namespace, 0 if not known
 * @param queueIndex index of the tap's queue, which is the queue pair's; -1 if not known
 * @param exact whether the kernel's own pointers lead from the queue to the tap; otherwise it is
 *     inferred from the order of the VMM's file descriptors
 * @param macvtap whether it is known to be a macvtap or ipvtap device
 */
public record TapPort(
    String name,
    int ifindex,
    String master,
    long netns,
    int queueIndex,
    boolean exact,
    boolean macvtap) {

  /** No tap is known. */
  public static final TapPort NONE = new TapPort("", 0, "", 0, -1, false);

  /** A tap of which it is not known that it is a macvtap. */
  public TapPort(
      String name, int ifindex, String master, long netns, int queueIndex, boolean exact) {
    this(name, ifindex, master, netns, queueIndex, exact, false);
  }

  /** Returns this port with the names that it has now. */
  public TapPort named(String now, String masterNow) {
    return new TapPort(now, ifindex, masterNow, netns, queueIndex, exact, macvtap);
  }

  /** Returns this port as one that was inferred. */
  public TapPort inferred(int index) {
    return new TapPort(name, ifindex, master, netns, index, false, macvtap);
  }
}
