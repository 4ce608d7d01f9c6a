package org.vhostwatch.libc;

/**
 * One feature of a network device, as {@code ethtool -k} lists them.
 *
 * @param name the kernel's name for it, for example {@code tx-tcp-segmentation}
 * @param available whether the device can have it (NETIF_F_*, hw_features)
 * @param requested whether it is wanted; it becomes active when what it needs is active too
 * @param active whether it works now
 * @param fixed whether nobody can change it
 */
public record Feature(
    String name, boolean available, boolean requested, boolean active, boolean fixed) {}
