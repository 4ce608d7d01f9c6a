package org.vhostwatch.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.vhostwatch.host.FakeHost;

/** The kernel of a made-up host: modules, symbols and types, as 6.18 shows them. */
public final class SyntheticKernel {

  /** As large as those of a distribution's kernel, which the agent holds while it plans. */
  private static final int VMLINUX_BYTES = 5_500_000;

  private SyntheticKernel() {}

  /**
   * Writes what the agent reads of a kernel, below a root.
   *
   * @param symbols the list that those of the modules are added to
   */
  public static void write(Path root, Path symbols) throws IOException {
    FakeHost host = Kernels.v6_18(root);
    Path kallsyms = root.resolve("proc/kallsyms");
    byte[] modules = Files.readAllBytes(kallsyms);
    Files.write(kallsyms, Files.readAllBytes(symbols));
    Files.write(kallsyms, modules, StandardOpenOption.APPEND);
    // What lies behind the sections is no part of them: it is read, and not looked at.
    Path types = root.resolve("sys/kernel/btf/vmlinux");
    int missing = Math.max(0, VMLINUX_BYTES - (int) Files.size(types));
    Files.write(types, new byte[missing], StandardOpenOption.APPEND);
    StringBuilder list = new StringBuilder();
    for (String module : new String[] {"vhost_net", "vhost", "tun"}) {
      list.append(module).append(" 65536 1 - Live 0xffffffffc0a00000\n");
      host.file("sys/module/" + module + "/initstate", "live\n");
    }
    host.file("proc/modules", list.toString()).file("sys/kernel/tracing/README", "tracing\n");
  }
}
