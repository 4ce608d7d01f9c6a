package org.vhostwatch.detect;

import static java.lang.String.format;
import static java.util.Locale.ROOT;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.vhostwatch.detect.Criterion.Outcome;
import org.vhostwatch.host.Surroundings;
import org.vhostwatch.probe.CensusQueue;
import org.vhostwatch.probe.Evidence;

/**
 * Says of a queue in trouble what it could be taken for, and why it is or is not that. It claims
 * nothing that was not measured. Only what resembles the verdict is listed.
 */
public final class LookAlikes {

  private static final long ACCESS_PLATFORM = 1L << 33;

  /** From this share of a CPU on a worker's CPU use wants an explanation. */
  private static final double HOT_SHARE = 0.2;

  /** A thread that is ready and does not get a CPU for so long is starved of it. */
  private static final int STARVED_PERMILLE = 300;

  /** A thread that runs all the time. */
  private static final int SPINNING_PERMILLE = 900;

  private static final List<String> IOTLB = List.of("iotlb_access_ok", "translate_desc");

  private final QueueVerdict verdict;
  private final @Nullable CensusQueue queue;
  private final @Nullable Evidence evidence;
  private final @Nullable Surroundings around;
  private final String kernel;
  private final boolean standsStill;
  private final List<LookAlike> all = new ArrayList<>();

  private LookAlikes(QueueVerdict verdict, @Nullable Surroundings around, String kernel) {
    this.verdict = verdict;
    this.queue = verdict.queue();
    this.evidence = verdict.evidence();
    this.around = around;
    this.kernel = kernel;
    this.standsStill =
        verdict.verdict() == Verdict.LIVELOCKED || verdict.verdict() == Verdict.STALLED;
  }

  /**
   * Returns the look-alikes of a verdict; none for a quiet queue.
   *
   * @param around what goes on around the queue, empty if it was not looked at
   * @param kernel release as {@code uname -r}, empty if not known
   */
  public static List<LookAlike> of(
      QueueVerdict verdict, Optional<Surroundings> around, String kernel) {
    return new LookAlikes(verdict, around.orElse(null), kernel).list();
  }

  private List<LookAlike> list() {
    switch (verdict.verdict()) {
      case LIVELOCKED, SPINNING -> {
        slowGuest();
        saturation();
        fixedKernel();
        overrun();
        busyPolling();
        flood();
        iotlb();
        txSpin();
        cpuStarved();
        storage();
        paused();
      }
      case STALLED -> {
        fixedKernel();
        slowGuest();
        paused();
        storage();
        cpuStarved();
        vcpuSpin();
        managementLock();
      }
      case BUSY -> busy();
      case HEALTHY -> {
        if (verdict.cpuShare() >= HOT_SHARE) {
          busy();
        }
      }
      case UNKNOWN -> {
        otherDevice();
        cpuStarved();
        storage();
        paused();
      }
    }
    return List.copyOf(all);
  }

  private void busy() {
    saturation();
    slowGuest();
    overrun();
    kickStorm();
    busyPolling();
    iotlb();
    txSpin();
    cpuStarved();
  }

  private void slowGuest() {
    String what = "a guest that refills late: ";
    if (standsStill) {
      Criterion still = criterion("used_idx");
      out("slow_guest", what + (still == null ? "the used index stands still" : still.text()));
    } else if (verdict.episodes() > 1) {
      it(
          "slow_guest",
          what
              + format(
                  ROOT,
                  "%d spins ended by themselves, %.1f s of spinning in all",
                  verdict.episodes() - 1,
                  verdict.spunNanos() / 1e9));
    } else if (verdict.episodes() == 1) {
      open(
          "slow_guest",
          what + "there was one spin; whether it ends by itself, a longer look tells");
    } else if (verdict.confidence() == Confidence.HIGH) {
      out("slow_guest", what + "no spin was seen");
    } else {
      open("slow_guest", what + "spins were not counted; a probe would tell");
    }
  }

  private void saturation() {
    String what = "a worker with much to do: ";
    Surroundings.TapCounters tap = tap();
    if (standsStill) {
      out(
          "saturation",
          what
              + (evidence != null && evidence.recvmsg() == 0
                  ? "it received nothing in " + evidence.passes() + " passes"
                  : "the used index stands still")
              + (tap == null ? "" : "; " + moved(tap)));
    } else if (verdict.verdict() == Verdict.SPINNING) {
      out(
          "saturation",
          what + format(ROOT, "it made %d passes that delivered nothing", verdict.passes()));
    } else if (tap == null) {
      open("saturation", what + "the tap's packet counters would tell, and were not read twice");
    } else if (tap.txPacketsMore() + tap.rxPacketsMore() > 0) {
      it("saturation", what + moved(tap) + received(tap));
    } else {
      out("saturation", what + moved(tap) + received(tap));
    }
  }

  private void busyPolling() {
    String what = "busy polling: ";
    if (queue == null) {
      open("busy_polling", what + "the queue's busyloop_timeout is not known; a census would tell");
    } else if (queue.busyloopMicros() == 0) {
      out("busy_polling", what + "busyloop_timeout is 0");
    } else if (verdict.verdict() == Verdict.LIVELOCKED || verdict.verdict() == Verdict.SPINNING) {
      out(
          "busy_polling",
          what
              + format(
                  ROOT,
                  "busyloop_timeout is %d us, but polling makes no passes, and %d were seen",
                  queue.busyloopMicros(),
                  verdict.passes()));
    } else {
      open(
          "busy_polling",
          what
              + format(
                  ROOT,
                  "busyloop_timeout is %d us, which part of the CPU time it takes is not measured;"
                      + " set poll-us to 0 to see",
                  queue.busyloopMicros()));
    }
  }

  private void fixedKernel() {
    String what = "a starved guest on a kernel with the fix: ";
    if (verdict.verdict() == Verdict.STALLED) {
      // Also on a kernel without the fix, when no buffer at all is posted.
      it("starved_guest", "a guest that does not give enough buffers: " + verdict.summary());
      return;
    }
    Criterion notify = criterion("enable_notify");
    if (notify != null && notify.outcome() == Outcome.MET) {
      out("starved_guest", what + notify.text() + "; a kernel with the fix says no");
    } else if (notify != null && notify.outcome() == Outcome.NOT_MET) {
      it("starved_guest", what + notify.text() + ", each pass is a kick of the guest");
    } else {
      open("starved_guest", what + "a capture of vhost_enable_notify would tell");
    }
  }

  private void overrun() {
    String what = "frames larger than the buffers of a guest without mergeable buffers: ";
    Surroundings.TapCounters tap = tap();
    if (queue == null) {
      open("overrun", what + "the queue's features are not known; a census would tell");
    } else if (queue.mergeable()) {
      out("overrun", what + "the guest negotiated mergeable buffers");
    } else if (evidence != null && evidence.recvmsg() == 0) {
      out("overrun", what + "such frames are received and dropped, and nothing was received");
    } else if (tap != null
        && !standsStill
        && tap.txPacketsMore() == 0
        && tap.rxPacketsMore() == 0) {
      open(
          "overrun",
          what
              + "the guest has none, "
              + moved(tap)
              + "; calls of tun_recvmsg without tx_packets would prove it");
    } else {
      open(
          "overrun",
          what + "the guest has none; how many packets the worker receives and drops would tell");
    }
  }

  private void kickStorm() {
    String what = "kicks of the guest without data: ";
    Surroundings.TapCounters tap = tap();
    if (queue != null && queue.packetWaits()) {
      out("kick_storm", what + "a packet of " + queue.headBytes() + " bytes waits");
    } else if (tap == null) {
      open("kick_storm", what + "the tap's packet counters would tell, and were not read twice");
    } else if (tap.txPacketsMore() + tap.rxPacketsMore() > 0) {
      out("kick_storm", what + moved(tap) + received(tap));
    } else {
      open(
          "kick_storm",
          what
              + moved(tap)
              + received(tap)
              + ", and no packet waits; the rate of handle_rx and handle_tx would prove it");
    }
  }

  private void flood() {
    String what = "the endless loop of CVE-2019-3900: ";
    if (evidence != null && evidence.recvmsg() == 0) {
      out("cve_2019_3900", what + "it receives a packet each turn, and none was received");
    } else if (since(5, 2)) {
      out("cve_2019_3900", what + "Linux 5.2 fixed it, and this is " + kernel);
    } else {
      open("cve_2019_3900", what + "a capture of tun_recvmsg would tell");
    }
  }

  private void iotlb() {
    String what = "a loop over misses of the IOTLB: ";
    if (queue != null && (queue.features() & ACCESS_PLATFORM) == 0) {
      out(
          "iotlb",
          what + "the guest did not negotiate VIRTIO_F_ACCESS_PLATFORM, there is no IOTLB");
      return;
    }
    if (evidence == null || evidence.descriptors().isEmpty()) {
      open("iotlb", what + "returns below 0 of vhost_get_vq_desc would tell; not captured");
      return;
    }
    SortedMap<Long, Long> errors = new TreeMap<>(evidence.descriptors().headMap(0L));
    Optional<Evidence.Stack> stack =
        evidence.stacks().stream()
            .filter(any -> any.frames().stream().anyMatch(LookAlikes::inIotlb))
            .findFirst();
    if (!errors.isEmpty()) {
      open("iotlb", what + "fetches of descriptors failed: " + errors);
    } else if (stack.isPresent()) {
      open(
          "iotlb",
          what + stack.get().samples() + " stacks are in the IOTLB, though no fetch failed");
    } else {
      out("iotlb", what + "no fetch of a descriptor failed, no stack is in the IOTLB");
    }
  }

  private static boolean inIotlb(String frame) {
    return IOTLB.stream().anyMatch(frame::startsWith);
  }

  private void txSpin() {
    String what = "a transmit queue that is retried: ";
    Surroundings.TapCounters tap = tap();
    if (verdict.verdict() == Verdict.LIVELOCKED || verdict.verdict() == Verdict.SPINNING) {
      if (verdict.spin() != null && verdict.spin().indices()) {
        out("tx_spin", what + "the passes are those of the receive queue");
      } else {
        open(
            "tx_spin", what + "without BTF a pass does not show its queue; tun_sendmsg would tell");
      }
    } else if (tap != null && tap.rxPacketsMore() > 0) {
      out("tx_spin", what + "packets of the guest go out" + received(tap));
    } else {
      open("tx_spin", what + "errors of tun_sendmsg (-11, -12, -105) would tell; not measured");
    }
  }

  private void cpuStarved() {
    Surroundings.Scheduling worker = around == null ? null : around.worker().orElse(null);
    String what = "a worker that does not get its CPU: ";
    if (worker == null || worker.waitedPermille() < 0) {
      open("cpu_starved", what + "the time it waits for a CPU was not read");
      return;
    }
    String figures =
        format(
            ROOT,
            "it ran %.0f %% and waited %.0f %% of %.1f s",
            worker.ranPermille() / 10.0,
            worker.waitedPermille() / 10.0,
            around == null ? 0 : around.seconds());
    if (worker.waitedPermille() < STARVED_PERMILLE) {
      out("cpu_starved", what + figures);
    } else if (verdict.verdict() == Verdict.STALLED) {
      it("cpu_starved", what + figures);
    } else {
      open("cpu_starved", what + figures + ": others on CPU " + worker.cpu() + " slow it down");
    }
  }

  private void storage() {
    String what = "a VMM that hangs in the kernel: ";
    Surroundings.VmmState vmm = vmm();
    if (vmm == null) {
      open("vmm_in_d_state", what + "the states of its threads were not read");
    } else if (vmm.uninterruptible() == 0) {
      out("vmm_in_d_state", what + "none of its " + vmm.threads() + " threads is in D state");
    } else {
      Surroundings.Waiting first = vmm.waiting().get(0);
      boolean storage = vmm.waiting().stream().anyMatch(Surroundings.Waiting::inStorage);
      open(
          "vmm_in_d_state",
          what
              + vmm.uninterruptible()
              + " of "
              + vmm.threads()
              + " threads are in D state"
              + (first.wchan().isEmpty() ? "" : ", one in " + first.wchan())
              + (vmm.waitsForVhost()
                  ? ": it waits for the worker"
                  : storage ? ": it waits for storage, and may give no buffers for that" : ""));
    }
  }

  private void paused() {
    String what = "a VM that the host paused: ";
    Surroundings.VmmState vmm = vmm();
    if (vmm == null) {
      open("host_paused", what + "the states of the VMM's threads were not read");
    } else if (vmm.stopped() > 0 || vmm.frozen().orElse(false)) {
      String figures =
          vmm.frozen().orElse(false)
              ? "its cgroup is frozen"
              : vmm.stopped() + " of " + vmm.threads() + " threads of the VMM are stopped";
      if (verdict.verdict() == Verdict.STALLED) {
        it("host_paused", what + figures);
      } else {
        open("host_paused", what + figures);
      }
    } else {
      out(
          "host_paused",
          what
              + "no thread of the VMM is stopped"
              + (vmm.frozen().isPresent() ? ", its cgroup is not frozen" : ""));
    }
  }

  private void vcpuSpin() {
    String what = "a guest that is busy with itself: ";
    Surroundings.VmmState vmm = vmm();
    // A cut list of threads may lack the very one.
    boolean cut = around != null && around.cpuCut() && vmm != null && vmm.hottest().isEmpty();
    if (vmm == null || cut) {
      open("vcpu_spin", what + "the CPU use of the VMM's threads was not read");
    } else if (vmm.hottest().isPresent() && vmm.hottest().get().permille() >= SPINNING_PERMILLE) {
      open(
          "vcpu_spin",
          what
              + format(
                  ROOT,
                  "thread %d (%s) of the VMM uses %.0f %% of a CPU",
                  vmm.hottest().get().tid(),
                  vmm.hottest().get().comm(),
                  vmm.hottest().get().permille() / 10.0));
    } else {
      out(
          "vcpu_spin",
          what
              + format(
                  ROOT,
                  "no thread of the VMM uses more than %.0f %% of a CPU",
                  vmm.hottest().map(Surroundings.Runner::permille).orElse(0) / 10.0));
    }
  }

  private void managementLock() {
    out(
        "management_lock",
        "a lock of libvirt alone: the queue itself stands still, by the kernel's own counters");
  }

  private void otherDevice() {
    String what = "a worker of vhost_vsock or vhost_scsi: ";
    if (verdict.vq() != 0) {
      out("other_device", what + format(ROOT, "it serves the vhost_net queue 0x%x", verdict.vq()));
    } else {
      open("other_device", what + "which queues it serves, a census would tell");
    }
  }

  private boolean since(int major, int minor) {
    String[] parts = kernel.split("[.-]", 3);
    try {
      int first = Integer.parseInt(parts[0]);
      return parts.length > 1
          && (first > major || (first == major && Integer.parseInt(parts[1]) >= minor));
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private String moved(Surroundings.TapCounters tap) {
    double seconds = around == null ? 0 : around.seconds();
    return switch (tap.flow()) {
      case MOVING ->
          format(ROOT, "tx_packets of the tap grew by %d in %.1f s", tap.txPacketsMore(), seconds);
      case DROPPING ->
          format(
              ROOT,
              "tx_packets of the tap stands still at %d and tx_dropped grew by %d in %.1f s",
              tap.txPackets(),
              tap.txDroppedMore(),
              seconds);
      case STILL -> format(ROOT, "tx_packets of the tap stands still at %d", tap.txPackets());
    };
  }

  private static String received(Surroundings.TapCounters tap) {
    return ", rx_packets grew by " + tap.rxPacketsMore();
  }

  private Surroundings.@Nullable TapCounters tap() {
    return around == null ? null : around.tap().orElse(null);
  }

  private Surroundings.@Nullable VmmState vmm() {
    return around == null ? null : around.vmm().orElse(null);
  }

  private @Nullable Criterion criterion(String id) {
    return verdict.criteria().stream().filter(c -> c.id().equals(id)).findFirst().orElse(null);
  }

  private void out(String id, String text) {
    all.add(new LookAlike(id, LookAlike.Outcome.RULED_OUT, text));
  }

  private void open(String id, String text) {
    all.add(new LookAlike(id, LookAlike.Outcome.NOT_RULED_OUT, text));
  }

  private void it(String id, String text) {
    all.add(new LookAlike(id, LookAlike.Outcome.IT_IS_THIS, text));
  }
}
