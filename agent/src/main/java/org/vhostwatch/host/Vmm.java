package org.vhostwatch.host;

import java.util.Optional;

/**
 * A process that runs a VM.
 *
 * @param pid its process id
 * @param startTicks when it started, since boot, in {@link Worker#TICKS_PER_SECOND}: pid and start
 *     together are unique
 * @param comm the process' name
 * @param name the VM's name as its command line has it, else {@code comm-pid}; at most {@value
 *     #MAX_NAME} characters, any of them
 * @param uuid the VM's UUID, if the command line has one
 * @param vmid the VM's number, if the command line has one (Proxmox)
 */
public record Vmm(
    int pid,
    long startTicks,
    String comm,
    String name,
    Optional<String> uuid,
    Optional<String> vmid) {
  /** Longer than any name that libvirt or Proxmox accept. */
  static final int MAX_NAME = 256;

  public Vmm {
    if (name.isEmpty() || name.length() > MAX_NAME) {
      throw new IllegalArgumentException(
          "VM name of " + name.length() + " characters: must have 1 to " + MAX_NAME);
    }
  }

  /** Returns whether its command line tells which VM it is. */
  public boolean told() {
    return uuid.isPresent() || vmid.isPresent() || !name.equals(comm + "-" + pid);
  }
}
