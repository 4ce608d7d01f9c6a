package org.vhostwatch.snapshot;

import java.util.List;
import java.util.Optional;
import org.vhostwatch.detect.UnexplainedWorker;
import org.vhostwatch.host.Vmm;

/**
 * A worker whose CPU time nothing accounts for.
 *
 * @param vm name of the VM, else of the process; hostile text, unescaped
 * @param vmm the process that runs it, if it could be read
 * @param devices kinds of vhost devices that the process has open, as {@code vhost-vsock}; empty if
 *     they could not be read
 * @param found what is known of it
 * @param sinceWallMillis since when it goes on, milliseconds since 1970
 */
public record UnexplainedStatus(
    String vm,
    Optional<Vmm> vmm,
    List<String> devices,
    UnexplainedWorker found,
    long sinceWallMillis) {
  public UnexplainedStatus {
    devices = List.copyOf(devices);
  }
}
