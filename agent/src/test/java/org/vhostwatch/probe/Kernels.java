package org.vhostwatch.probe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.vhostwatch.btf.KernelBtf;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.host.Symbols;

/** Kernels as the scripts meet them; the numbers are those of Debian's for amd64. */
public final class Kernels {

  static final BpftraceVersion DEBIAN_12 = new BpftraceVersion(0, 17, 0);
  public static final BpftraceVersion DEBIAN_13 = new BpftraceVersion(0, 23, 2);
  static final BpftraceVersion SID = new BpftraceVersion(0, 27, 1);

  private static final List<String> FUNCTIONS =
      List.of(
          "vhost_discard_vq_desc [vhost]",
          "vhost_add_used_and_signal_n [vhost]",
          "vhost_enable_notify [vhost]",
          "vhost_exceeds_weight [vhost]",
          "vhost_get_vq_desc [vhost]",
          "vhost_net_buf_peek [vhost_net]",
          "handle_rx_kick [vhost_net]",
          "tun_recvmsg [tun]");

  private static final String ADDRESSES =
      """
      ffffffffc0a04000 r vhost_net_fops\t[vhost_net]
      ffffffffc0a01230 t handle_rx_kick\t[vhost_net]
      ffffffffc0b05000 r tun_socket_ops\t[tun]
      ffffffffc0b06000 r tun_fops\t[tun]
      """;

  private Kernels() {}

  /** 6.18: workers of queues, kthreads and vhost_tasks, several descriptors at once. */
  public static FakeHost v6_18(Path root) {
    FakeHost host = symbols(root, "vhost_get_vq_desc_n [vhost]");
    types6_18().writeTo(host);
    return host;
  }

  /** 6.18 without modules: vhost, vhost_net and tun are built in. */
  static FakeHost builtIn(Path root) {
    FakeHost host =
        new FakeHost(root)
            .file("proc/kallsyms", ADDRESSES.replaceAll("\t\\[.*]", ""))
            .file(
                "sys/kernel/tracing/available_filter_functions",
                String.join("\n", FUNCTIONS).replaceAll(" \\[.*]", "") + "\n");
    types6_18().builtIn().writeTo(host);
    return host;
  }

  static KernelBtf types6_18() {
    return common(192, 1264, 2708, 288, 48, 304, 312, 316, 318, 17784, 18920)
        .member("vhost_virtqueue.worker", 8)
        .struct("vhost", "vhost_worker", 128)
        .member("vhost_worker.kthread_task", 0)
        .member("vhost_worker.vtsk", 8)
        .struct("vhost", "vhost_task", 128)
        .member("vhost_task.task", 64);
  }

  /** 6.1: the worker is the device's, and a task. */
  static FakeHost v6_1(Path root) {
    FakeHost host = symbols(root);
    common(200, 920, 2420, 0, 40, 296, 304, 306, 308, 17768, 18896)
        .member("vhost_dev.worker", 104)
        .writeTo(host);
    return host;
  }

  /** 6.4: the worker is a part of the device, and has a vhost_task. */
  static KernelBtf types6_4() {
    return common(200, 920, 2420, 0, 40, 296, 304, 306, 308, 17768, 18896)
        .member("vhost_dev.worker.vtsk", 0)
        .struct("vhost", "vhost_worker", 24)
        .member("vhost_worker.vtsk", 0)
        .struct("vhost", "vhost_task", 128)
        .member("vhost_task.task", 64);
  }

  /** Built without CONFIG_DEBUG_INFO_BTF. */
  static FakeHost withoutBtf(Path root) {
    return symbols(root, "vhost_get_vq_desc_n [vhost]");
  }

  private static FakeHost symbols(Path root, String... more) {
    return new FakeHost(root)
        .file("proc/kallsyms", ADDRESSES)
        .file(
            "sys/kernel/tracing/available_filter_functions",
            String.join("\n", FUNCTIONS) + "\n" + String.join("\n", more) + "\n");
  }

  private static KernelBtf common(
      int vqs,
      int owner,
      int tgid,
      int name,
      int num,
      int handleKick,
      int lastAvail,
      int avail,
      int used,
      int backend,
      int rxq) {
    return new KernelBtf()
        .struct("vmlinux", "task_struct", 9_000)
        .member("task_struct.pid", tgid - 4)
        .member("task_struct.tgid", tgid)
        .struct("vmlinux", "mm_struct", 2_000)
        .member("mm_struct.owner", owner)
        .struct("vmlinux", "net_device", 4_000)
        .member("net_device.name", name)
        .member("net_device.ifindex", 224)
        .member("net_device.nd_net.net", 280)
        .member("net_device.adj_list.upper", 120)
        .member("net_device.adj_list.lower", 136)
        .struct("vmlinux", "net", 4_000)
        .member("net.ns.inum", 152)
        .struct("vmlinux", "netdev_adjacent", 72)
        .member("netdev_adjacent.dev", 0)
        .member("netdev_adjacent.master", 16)
        .member("netdev_adjacent.list", 24)
        .struct("vmlinux", "sk_buff", 232)
        .member("sk_buff.len", 112)
        .struct("vmlinux", "xdp_frame", 64)
        .member("xdp_frame.len", 8)
        .struct("vmlinux", "socket", 128)
        .member("socket.ops", 32)
        .struct("vhost", "vhost_dev", 300)
        .member("vhost_dev.mm", 0)
        .struct("vhost", "vhost_virtqueue", 18_864)
        .member("vhost_virtqueue.dev", 0)
        .member("vhost_virtqueue.num", num)
        .member("vhost_virtqueue.handle_kick", handleKick)
        .member("vhost_virtqueue.last_avail_idx", lastAvail)
        .member("vhost_virtqueue.avail_idx", avail)
        .member("vhost_virtqueue.last_used_idx", used)
        .member("vhost_virtqueue.private_data", backend)
        .member("vhost_virtqueue.acked_features", backend + 8)
        .member("vhost_virtqueue.busyloop_timeout", 18_836)
        .struct("vhost_net", "vhost_net_virtqueue", 18_944)
        .member("vhost_net_virtqueue.rxq.queue", rxq)
        .member("vhost_net_virtqueue.rxq.tail", rxq + 8)
        .member("vhost_net_virtqueue.rxq.head", rxq + 12)
        .struct("vhost_net", "vhost_net", 40_000)
        .member("vhost_net.vqs", vqs)
        .struct("tun", "tun_file", 1_100)
        .member("tun_file.socket", 832)
        .member("tun_file.tun", 960)
        .member("tun_file.queue_index", 980)
        .member("tun_file.detached", 1024)
        .struct("tun", "tun_struct", 3_000)
        .member("tun_struct.dev", 2064);
  }

  public static Plan plan(Path root, FakeHost host, BpftraceVersion version) throws PlanException {
    return Planner.plan(
        root,
        Scripts.read(scripts()),
        Symbols.read(host.fs(), Planner.SYMBOLS, true),
        version,
        host.facts().disarmed());
  }

  /** The folder of the project's scripts, from wherever the tests run. */
  static Path scripts() {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      Path scripts = folder.resolve("bpf-scripts");
      if (Files.isDirectory(scripts)) {
        return scripts;
      }
    }
    throw new UncheckedIOException(new IOException("no folder bpf-scripts above the tests"));
  }
}
