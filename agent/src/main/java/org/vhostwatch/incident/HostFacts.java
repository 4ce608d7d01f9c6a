package org.vhostwatch.incident;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.host.ProcFs;
import org.vhostwatch.host.Switch;

/** What somebody who reads a report of this host's kernel asks first, one fact a line. */
public final class HostFacts {

  private static final int SMALL = 4 << 10;
  private static final int MAX_CONFIG = 1 << 20;

  /** Options of the kernel's build that matter to vhost, or to how it can be looked at. */
  private static final Pattern CONFIG =
      Pattern.compile(
          "(?:# )?CONFIG_(?:VHOST\\w*|TUN|TAP|MACVTAP|PREEMPT\\w*|HZ|HZ_\\d+|KPROBES|BPF_SYSCALL"
              + "|DEBUG_INFO_BTF\\w*|FUNCTION_TRACER|LIVEPATCH|TASKS_RCU\\w*|LOCALVERSION)[ =].*");

  private HostFacts() {}

  /** Returns the name of the host, empty if it cannot be read. */
  public static String hostName(ProcFs fs) {
    return fs.text("proc/sys/kernel/hostname", SMALL).orElse("");
  }

  /** Reads all of it; what cannot be read is left out. */
  public static List<String> read(ProcFs fs) {
    List<String> facts = new ArrayList<>();
    KernelFacts kernel = KernelFacts.read(fs, Switch.UNKNOWN);
    facts.add("kernel: " + kernel.release() + " " + kernel.version());
    add(facts, fs, "build", "proc/version");
    add(facts, fs, "machine", "proc/sys/kernel/arch");
    add(facts, fs, "tainted", "proc/sys/kernel/tainted");
    add(facts, fs, "command line", "proc/cmdline");
    add(facts, fs, "CPUs online", "sys/devices/system/cpu/online");
    fs.text("etc/os-release", SMALL)
        .flatMap(text -> text.lines().filter(line -> line.startsWith("PRETTY_NAME=")).findFirst())
        .ifPresent(line -> facts.add("distribution: " + line.substring("PRETTY_NAME=".length())));
    for (String module : KernelFacts.MODULES) {
      facts.add(
          "module "
              + module
              + ": "
              + kernel.module(module).name().toLowerCase(Locale.ROOT).replace('_', ' ')
              + fs.text("sys/module/" + module + "/srcversion", SMALL)
                  .map(version -> ", srcversion " + version)
                  .orElse("")
              + fs.text("sys/module/" + module + "/taint", SMALL)
                  .filter(taint -> !taint.isEmpty())
                  .map(taint -> ", taint " + taint)
                  .orElse(""));
    }
    for (String parameter :
        List.of(
            "vhost/parameters/max_mem_regions",
            "vhost/parameters/fork_from_owner_default",
            "vhost_net/parameters/experimental_zcopytx")) {
      add(facts, fs, "parameter " + parameter, "sys/module/" + parameter);
    }
    facts.add("lockdown: " + kernel.lockdown());
    facts.add("BTF: " + kernel.btf().stream().sorted().toList());
    facts.add(
        "java: " + System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
    config(fs, kernel.release()).forEach(line -> facts.add("config: " + line));
    return facts;
  }

  private static void add(List<String> facts, ProcFs fs, String name, String file) {
    fs.text(file, SMALL)
        .filter(text -> !text.isEmpty())
        .ifPresent(text -> facts.add(name + ": " + text.replace('\n', ' ')));
  }

  private static List<String> config(ProcFs fs, String release) {
    Path file = fs.path("boot/config-" + release);
    if (release.contains("/") || !Files.isReadable(file)) {
      return List.of();
    }
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MAX_CONFIG), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> CONFIG.matcher(line).matches())
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
