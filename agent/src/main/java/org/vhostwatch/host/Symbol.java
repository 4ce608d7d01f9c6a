package org.vhostwatch.host;

/**
 * A function that can be probed.
 *
 * @param name its name in the kernel: the one asked for, or that of a clone the compiler made, such
 *     as {@code get_tx_bufs.constprop.0}
 * @param module the module it is in, empty for the kernel itself
 * @param source where it was found
 * @param ambiguous whether there are more of that description: the name alone may then attach to
 *     another function
 */
public record Symbol(String name, String module, Source source, boolean ambiguous) {
  /** The kernel's lists of functions. */
  public enum Source {
    /** Tracefs: what ftrace, and so a kprobe, can attach to. */
    AVAILABLE_FILTER_FUNCTIONS,
    /** All symbols, traceable or not: second choice. */
    KALLSYMS
  }

  /**
   * Returns the name as a kprobe of bpftrace takes it, {@code module:function}; the kernel itself
   * is {@code vmlinux} there.
   */
  public String probe() {
    // Without a module, bpftrace 0.26 and newer joins a kprobe and a kretprobe of one function to a
    // kprobe.session, which does not come off while a worker is livelocked.
    return (module.isEmpty() ? "vmlinux" : module) + ":" + name;
  }
}
