package org.vhostwatch.probe;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.btf.BtfException;
import org.vhostwatch.host.Symbols;

/** Picks, for the running kernel and bpftrace, what can be probed. */
public final class Planner {

  private static final String[] PEEK = {
    "vhost_net:vhost_net_buf_peek",
    "vhost_net:peek_head_len",
    "vhost_net:vhost_net_rx_peek_head_len"
  };
  private static final String[] FETCH = {"vhost:vhost_get_vq_desc_n", "vhost:vhost_get_vq_desc"};

  /** Names that a plan looks up in the kernel's symbol table. */
  public static final Set<String> SYMBOLS =
      Set.of(
          "vhost_discard_vq_desc",
          "vhost_add_used_and_signal_n",
          "vhost_enable_notify",
          "vhost_exceeds_weight",
          "vhost_get_vq_desc",
          "vhost_get_vq_desc_n",
          "vhost_net_buf_peek",
          "peek_head_len",
          "vhost_net_rx_peek_head_len",
          "get_rx_bufs",
          "tun_recvmsg",
          "tap_recvmsg",
          "vhost_net_fops",
          "handle_rx_kick",
          "tun_socket_ops",
          "tap_socket_ops");

  private Planner() {}

  /** Returns what a capture of some workers measures. */
  static EvidencePlan evidencePlan(PlanKernel kernel, Set<Integer> workers) {
    return new EvidencePlan(
        workers,
        kernel.indices(),
        !kernel.first("vhost_net:get_rx_bufs").isEmpty(),
        kernel.first(PEEK),
        kernel.first(FETCH),
        !kernel.first("tun:tun_recvmsg", "tap:tap_recvmsg").isEmpty(),
        !kernel.first("vhost:vhost_add_used_and_signal_n").isEmpty(),
        !kernel.first("vhost:vhost_exceeds_weight").isEmpty());
  }

  /**
   * Returns the plan.
   *
   * @param root the root folder, {@code /} but in tests
   * @param symbols {@link #SYMBOLS} as the kernel has them
   * @param version the bpftrace that will run the scripts
   */
  public static Plan plan(Path root, Scripts scripts, Symbols symbols, BpftraceVersion version) {
    @Nullable KernelLayout layout = null;
    String noLayout = "";
    try {
      layout = KernelLayout.read(root);
    } catch (BtfException e) {
      noLayout = String.valueOf(e.getMessage());
    }
    PlanKernel kernel = new PlanKernel(layout, symbols, version);
    List<Measurement> measurements = new ArrayList<>();

    Optional<String> census = Optional.empty();
    if (layout == null) {
      measurements.add(Measurement.none("census", noLayout));
    } else if (!kernel.shows("vhost_net_fops")) {
      measurements.add(Measurement.none("census", "kallsyms does not show vhost_net_fops"));
    } else {
      try {
        census = Optional.of(scripts.census().render(kernel, List.of()));
        measurements.add(Measurement.measured("census", "iter:task_file over vhost_net files"));
      } catch (PlanException e) {
        measurements.add(Measurement.none("census", String.valueOf(e.getMessage())));
      }
    }
    Optional<String> sentinel = sentinel(scripts, kernel, measurements, noLayout);
    histograms(kernel, measurements);
    return new Plan(scripts, kernel, census, sentinel, measurements);
  }

  private static Optional<String> sentinel(
      Scripts scripts, PlanKernel kernel, List<Measurement> measurements, String noLayout) {
    if (kernel.attachPoint("vhost:vhost_discard_vq_desc").isEmpty()) {
      measurements.add(
          Measurement.none(
              "spins", "vhost_discard_vq_desc cannot be probed or vhost is not loaded"));
      return Optional.empty();
    }
    try {
      String script = scripts.sentinel().render(kernel, List.of());
      measurements.add(
          kernel.indices()
              ? Measurement.measured(
                  "spins", "kprobe vhost_discard_vq_desc with the queue's indices")
              : Measurement.derived(
                  "spins",
                  "calls of vhost_discard_vq_desc against vhost_add_used_and_signal_n ("
                      + (noLayout.isEmpty() ? "handle_rx_kick is hidden" : noLayout)
                      + ")"));
      return Optional.of(script);
    } catch (PlanException e) {
      measurements.add(Measurement.none("spins", String.valueOf(e.getMessage())));
      return Optional.empty();
    }
  }

  private static void histograms(PlanKernel kernel, List<Measurement> measurements) {
    String get = kernel.first("vhost_net:get_rx_bufs");
    measurements.add(
        get.isEmpty()
            ? Measurement.derived(
                "get_rx_ret",
                "get_rx_bufs is inlined: vhost_discard_vq_desc without an error is a return of 0")
            : Measurement.measured("get_rx_ret", "kretprobe " + get));
    function(measurements, "peek_ret", kernel.first(PEEK));
    function(measurements, "desc_ret", kernel.first(FETCH));
    function(measurements, "notify_ret", kernel.first("vhost:vhost_enable_notify"));
    function(measurements, "recvmsg", kernel.first("tun:tun_recvmsg", "tap:tap_recvmsg"));
    function(measurements, "signalled", kernel.first("vhost:vhost_add_used_and_signal_n"));
    function(measurements, "gave_up", kernel.first("vhost:vhost_exceeds_weight"));
    measurements.add(Measurement.measured("stack", "profile at 49 Hz on the worker"));
  }

  private static void function(List<Measurement> measurements, String what, String name) {
    measurements.add(
        name.isEmpty()
            ? Measurement.none(what, "no such function can be probed in this kernel")
            : Measurement.measured(
                what, (what.endsWith("_ret") ? "kretprobe " : "kprobe ") + name));
  }
}
