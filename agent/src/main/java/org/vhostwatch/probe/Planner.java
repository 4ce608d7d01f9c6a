package org.vhostwatch.probe;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.btf.BtfException;
import org.vhostwatch.host.HostClock;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.host.ProcFs;
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
          "tun_fops",
          "tap_fops",
          "tap_socket_ops");

  private Planner() {}

  /** Returns what a capture measures, of workers that are not chosen yet. */
  private static EvidencePlan measures(PlanKernel kernel) {
    return new EvidencePlan(
        Set.of(),
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
   * @param disarmed why nothing that is attached would fire; empty if it would
   */
  public static Plan plan(
      Path root,
      Scripts scripts,
      Symbols symbols,
      BpftraceVersion version,
      Optional<String> disarmed) {
    @Nullable KernelLayout layout = null;
    String noLayout = "";
    ProcFs fs = new ProcFs(root);
    boolean samples = KernelFacts.allowsSamples(fs);
    try {
      layout = KernelLayout.read(root);
    } catch (BtfException e) {
      noLayout = String.valueOf(e.getMessage());
    }
    PlanKernel kernel =
        new PlanKernel(
            layout,
            symbols,
            version,
            disarmed.isEmpty(),
            samples,
            HostClock.slept(fs, System.nanoTime()));
    List<Measurement> measurements = new ArrayList<>();

    @Nullable String census = null;
    if (layout == null) {
      measurements.add(Measurement.none("census", noLayout));
    } else if (!kernel.shows("vhost_net_fops")) {
      measurements.add(Measurement.none("census", "kallsyms does not show vhost_net_fops"));
    } else {
      census = script(fit(scripts.census(), "census", kernel, measurements));
      if (census != null) {
        measurements.add(Measurement.measured("census", "iter:task_file over vhost_net files"));
      }
    }
    @Nullable String sentinel = sentinel(scripts, kernel, measurements, noLayout, disarmed);
    histograms(kernel, measurements);
    measurements.add(
        samples
            ? Measurement.measured("stack", "profile at 49 Hz on the worker")
            : Measurement.none("stack", "kernel.perf_event_max_sample_rate is below 49"));
    return new Plan(
        census,
        sentinel,
        script(fit(scripts.histograms(), "histograms", kernel, measurements)),
        fit(scripts.evidence(), "evidence", kernel, measurements),
        samples && scripts.stack().isPresent()
            ? fit(scripts.stack().get(), "stack", kernel, measurements)
            : null,
        measures(kernel),
        layout != null && !kernel.shows("vhost_net_fops"),
        measurements);
  }

  /** Fits a script; what it lacks becomes a measurement that cannot be made. */
  private static ScriptTemplate.@Nullable Fitted fit(
      ScriptTemplate script, String what, PlanKernel kernel, List<Measurement> measurements) {
    try {
      return script.fit(kernel);
    } catch (PlanException e) {
      measurements.add(Measurement.none(what, String.valueOf(e.getMessage())));
      return null;
    }
  }

  private static @Nullable String script(ScriptTemplate.@Nullable Fitted fitted) {
    return fitted == null ? null : fitted.script(List.of());
  }

  private static @Nullable String sentinel(
      Scripts scripts,
      PlanKernel kernel,
      List<Measurement> measurements,
      String noLayout,
      Optional<String> disarmed) {
    if (kernel.attachPoint("vhost:vhost_discard_vq_desc").isEmpty()) {
      measurements.add(
          Measurement.none(
              "spins",
              disarmed.orElse("vhost_discard_vq_desc cannot be probed or vhost is not loaded")));
      return null;
    }
    @Nullable String script = script(fit(scripts.sentinel(), "spins", kernel, measurements));
    if (script != null) {
      measurements.add(
          kernel.indices()
              ? Measurement.measured(
                  "spins", "kprobe vhost_discard_vq_desc with the queue's indices")
              : Measurement.derived(
                  "spins",
                  "calls of vhost_discard_vq_desc against vhost_add_used_and_signal_n ("
                      + (noLayout.isEmpty() ? "handle_rx_kick is hidden" : noLayout)
                      + ")"));
    }
    return script;
  }

  private static void histograms(PlanKernel kernel, List<Measurement> measurements) {
    String get = kernel.first("vhost_net:get_rx_bufs");
    if (get.isEmpty() && kernel.attachPoint("vhost:vhost_discard_vq_desc").isEmpty()) {
      function(measurements, "get_rx_ret", get);
    } else {
      measurements.add(getRxBufs(get));
    }
    function(measurements, "peek_ret", kernel.first(PEEK));
    function(measurements, "desc_ret", kernel.first(FETCH));
    function(measurements, "notify_ret", kernel.first("vhost:vhost_enable_notify"));
    function(measurements, "recvmsg", kernel.first("tun:tun_recvmsg", "tap:tap_recvmsg"));
    function(measurements, "signalled", kernel.first("vhost:vhost_add_used_and_signal_n"));
    function(measurements, "gave_up", kernel.first("vhost:vhost_exceeds_weight"));
  }

  private static Measurement getRxBufs(String get) {
    return get.isEmpty()
        ? Measurement.derived(
            "get_rx_ret",
            "get_rx_bufs is inlined: vhost_discard_vq_desc without an error is a return of 0")
        : Measurement.measured("get_rx_ret", "kretprobe " + get);
  }

  private static void function(List<Measurement> measurements, String what, String name) {
    measurements.add(
        name.isEmpty()
            ? Measurement.none(what, "no such function can be probed in this kernel")
            : Measurement.measured(
                what, (what.endsWith("_ret") ? "kretprobe " : "kprobe ") + name));
  }
}
