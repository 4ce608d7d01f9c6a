package org.vhostwatch.probe;

import java.util.Map;
import org.vhostwatch.host.ProcFs;

/**
 * How many keys each map of a script has room for. The kernel sets the room aside when it makes a
 * map, and charges it to our control group: of a map that counts, 8 bytes for each key and each CPU
 * that the host may ever have. A key for which there is no room is lost, and nobody says so.
 */
public final class MapKeys {

  /**
   * Of a script that watches all queues: a key a queue. Those of queues that are gone stay in the
   * maps for as long as it runs, so that it has to be started anew before they are full.
   */
  public static final int WATCH = 4096;

  /**
   * Of a capture, for each of its workers. They are the heads of the worker's rings: with QEMU 1024
   * of RX at most, and 256 of TX. A livelocked worker has fewer than a hundred of them, but all of
   * a ring where the kernel does not rewind an IN_ORDER one.
   */
  private static final int WORKER = 1024;

  /** Of a capture, beside those: TX, lengths of packets, errors, other queues that spin. */
  private static final int OTHERS = 512;

  private static final int MOST = 16_384;

  /** The maps of a capture that count. */
  static final int COUNTING = 10;

  /** What these may take: a quarter of what the unit grants to agent and bpftrace together. */
  private static final long MAX_BYTES = 128L << 20;

  /** Where the host does not say: as a large one. */
  private static final int MANY_CPUS = 512;

  private static final BpftraceVersion RENAMED = new BpftraceVersion(0, 20, 0);

  private MapKeys() {}

  /**
   * Returns how many keys a map of a capture has room for.
   *
   * @param workers how many are captured
   * @param cpus CPUs that the host may ever have
   */
  static int ofCapture(int workers, int cpus) {
    long affordable = MAX_BYTES / ((long) COUNTING * Long.BYTES * cpus);
    return (int) Math.min(affordable, Math.min(MOST, WORKER * (long) workers + OTHERS));
  }

  /** Returns how many CPUs the host may ever have: often far more than it has. */
  static int possibleCpus(ProcFs fs) {
    String list = fs.text("sys/devices/system/cpu/possible", 1 << 10).orElse("");
    // 0-7, or 0,2-7, ascending.
    String last = list.substring(Math.max(list.lastIndexOf('-'), list.lastIndexOf(',')) + 1);
    try {
      return Integer.parseInt(last) + 1;
    } catch (NumberFormatException e) {
      return MANY_CPUS;
    }
  }

  /** Returns the variable that tells bpftrace so. */
  static Map<String, String> variable(BpftraceVersion version, int keys) {
    String name = version.atLeast(RENAMED) ? "BPFTRACE_MAX_MAP_KEYS" : "BPFTRACE_MAP_KEYS_MAX";
    return Map.of(name, String.valueOf(keys));
  }
}
