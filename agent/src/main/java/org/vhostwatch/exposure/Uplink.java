package org.vhostwatch.exposure;

/**
 * A device from which packets reach a tap's bridge.
 *
 * @param name hostile text
 * @param kind {@code physical}, {@code bond}, {@code vlan} or what else the kernel calls it; {@code
 *     virtual} if it does not
 * @param gro whether it merges what it receives into super-packets
 */
public record Uplink(String name, String kind, State gro) {

  /** Whether something is on, as far as it could be read. */
  public enum State {
    ON,
    OFF,
    UNKNOWN
  }
}
