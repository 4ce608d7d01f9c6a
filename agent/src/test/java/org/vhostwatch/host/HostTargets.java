package org.vhostwatch.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.vhostwatch.fuzz.Claim;
import org.vhostwatch.fuzz.FuzzTarget;
import org.vhostwatch.fuzz.Scratch;
import org.vhostwatch.report.Printable;

/** What the kernel and VMMs say in /proc. Names in it may be anything. */
public final class HostTargets {

  private static final Set<String> SYMBOLS =
      Set.of("vhost_net_fops", "handle_rx", "get_rx_bufs", "vhost_discard_vq_desc", "tun_recvmsg");

  private HostTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "stat",
            "/proc/PID/task/TID/stat and schedstat",
            TaskStat.MAX_BYTES,
            32 << 10,
            256,
            () -> HostTargets::stat),
        new FuzzTarget(
            "command-line",
            "command lines of VMMs",
            4096,
            64 << 10,
            1024,
            () -> HostTargets::commandLine),
        new FuzzTarget(
            "process",
            "fdinfo, status, cgroup, stack and net/dev of a VMM",
            2048,
            512 << 10,
            1024,
            HostTargets::process),
        new FuzzTarget(
            "symbols",
            "kallsyms and available_filter_functions",
            2048,
            512 << 10,
            512,
            HostTargets::symbols),
        new FuzzTarget(
            "kernel",
            "files that tell of the kernel: modules, lockdown, CPUs, switches",
            1024,
            512 << 10,
            1024,
            HostTargets::kernel));
  }

  private static void stat(byte[] input) {
    TaskStat.parse(input, input.length)
        .ifPresent(
            stat -> {
              String line = new String(input, StandardCharsets.ISO_8859_1);
              int close = line.lastIndexOf(')');
              Claim.same(
                  new String(
                      input,
                      line.indexOf('(') + 1,
                      close - line.indexOf('(') - 1,
                      StandardCharsets.UTF_8),
                  stat.comm(),
                  "a name");
              Claim.same(line.charAt(close + 2), stat.state(), "a state");
              // Field 22 of all; field 4 comes after the state. Longer ones do not fit.
              String start = line.substring(close + 4).split("[ \n]", -1)[22 - 4];
              if (start.length() <= 18) {
                Claim.same(Long.parseLong(start), stat.startTicks(), "a start");
              }
              Claim.line(Printable.of(stat.comm()));
            });
    long[] numbers = new long[3];
    TaskStat.numbers(input, 0, input.length, numbers);
  }

  /** The input is a command line, and the name of a VM in one that QEMU would understand. */
  private static void commandLine(byte[] input) {
    for (boolean cut : new boolean[] {false, true}) {
      QemuCommandLine line = QemuCommandLine.parse(input, cut);
      line.name().ifPresent(name -> Claim.that(!name.isEmpty(), "an empty name"));
      line.name().ifPresent(name -> Claim.line(Printable.of(name)));
      line.uuid().ifPresent(uuid -> Claim.that(uuid.length() == 36, "a UUID", uuid));
      line.vmid().ifPresent(id -> Claim.that(id.matches("[0-9]{1,9}"), "a VMID", id));
    }
    String name = new String(input, StandardCharsets.UTF_8).replace("\0", "");
    String escaped = "qemu\0-name\0guest=" + name.replace(",", ",,") + ",debug-threads=on\0-S\0";
    Claim.same(
        name,
        QemuCommandLine.parse(escaped.getBytes(StandardCharsets.UTF_8), false).name().orElse(""),
        "a name");
  }

  private static FuzzTarget.Reader process() {
    Scratch file =
        new Scratch("process/input")
            .linked(
                "process/proc/7/fdinfo/3",
                "process/proc/7/status",
                "process/proc/7/cgroup",
                "process/proc/7/cmdline",
                "process/proc/7/net/dev",
                "process/proc/7/task/7/stack",
                "process/proc/7/task/7/wchan");
    write("process/proc/7/task/7/stat", "7 (qemu) D 1" + " 0".repeat(48) + "\n");
    write("process/proc/7/stat", "7 (qemu) D 1" + " 0".repeat(48) + "\n");
    ProcFs fs = new ProcFs(Scratch.root().resolve("process"));
    SurroundingsReader surroundings = new SurroundingsReader(fs);
    VmmIdentity identity = new VmmIdentity(fs);
    return input -> {
      file.write(input);
      for (String name : List.of("fdinfo/3", "status")) {
        Fields fields = Fields.of(fs, "proc/7/" + name, 4096);
        fields.text("iff").ifPresent(text -> Claim.same(text.strip(), text, "a field"));
        fields.number("Tgid").ifPresent(number -> Claim.that(number >= 0, "below 0", number));
      }
      surroundings
          .process(7)
          .ifPresent(
              vmm ->
                  vmm.waiting()
                      .forEach(
                          waiting -> {
                            Claim.that(waiting.stack().size() <= 32, "a stack without an end");
                            waiting.stack().forEach(frame -> Claim.line(Printable.of(frame)));
                          }));
      SurroundingsReader.Counters.of(new String(input, StandardCharsets.UTF_8), "vnet3");
      Vmm vmm = identity.of(7).orElseThrow();
      Claim.that(vmm.name().length() <= Vmm.MAX_NAME, "a long name", vmm);
    };
  }

  /** Held against a slow reader that takes lines as text. */
  private static FuzzTarget.Reader symbols() {
    Scratch file = new Scratch("symbols/input");
    NameSet wanted = new NameSet(SYMBOLS);
    return input -> {
      Path path = file.write(input);
      List<String> functions = new ArrayList<>();
      List<String> addresses = new ArrayList<>();
      SymbolFile.scanFunctions(
          path, wanted, (address, type, name, module) -> functions.add(name + " " + module));
      SymbolFile.scanKallsyms(
          path, wanted, (address, type, name, module) -> addresses.add(name + " " + module));
      Claim.same(slowly(input, false), functions, "functions");
      Claim.same(slowly(input, true), addresses, "symbols");
    };
  }

  private static List<String> slowly(byte[] input, boolean withAddress) {
    List<String> found = new ArrayList<>();
    for (String line : new String(input, StandardCharsets.ISO_8859_1).split("\n", -1)) {
      String rest = line;
      if (withAddress) {
        int blank = line.indexOf(' ');
        if (blank < 0 || blank + 3 >= line.length()) {
          continue;
        }
        rest = line.substring(blank + 3);
      }
      int end = 0;
      // Bytes above 127 end a name as blanks do: Java's are signed.
      while (end < rest.length() && rest.charAt(end) > ' ' && rest.charAt(end) < 128) {
        end++;
      }
      String name = rest.substring(0, end);
      if (SYMBOLS.contains(name.split("\\.", 2)[0])) {
        int open = rest.indexOf('[', end);
        int close = open < 0 ? -1 : rest.indexOf(']', open);
        String module = open < 0 ? "" : rest.substring(open + 1, close < 0 ? rest.length() : close);
        found.add(
            name
                + " "
                + new String(
                    module.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.US_ASCII));
      }
    }
    return found;
  }

  private static FuzzTarget.Reader kernel() {
    Scratch file =
        new Scratch("kernel/input")
            .linked(
                "kernel/proc/sys/kernel/version",
                "kernel/proc/sys/kernel/kptr_restrict",
                "kernel/proc/sys/kernel/bpf_stats_enabled",
                "kernel/proc/modules",
                "kernel/sys/kernel/security/lockdown",
                "kernel/sys/devices/system/cpu/online");
    write("kernel/proc/sys/kernel/osrelease", "6.18.15\n");
    ProcFs fs = new ProcFs(Scratch.root().resolve("kernel"));
    return input -> {
      file.write(input);
      KernelFacts facts = KernelFacts.read(fs, KernelFacts.ftrace(fs));
      Claim.that(facts.cpusOnline() >= 0, "CPUs", facts);
    };
  }

  private static void write(String relative, String text) {
    try {
      new Scratch(relative).write(text.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
