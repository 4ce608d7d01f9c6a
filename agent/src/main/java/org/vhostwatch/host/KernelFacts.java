package org.vhostwatch.host;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The kernel, as far as it decides what can be probed and how. Read anew after a module came or
 * went.
 *
 * @param release as {@code uname -r}; empty if unknown
 * @param version the build's text, as {@code uname -v}; empty if unknown
 * @param tracefs where tracefs is mounted, if it may be read
 * @param kptrRestrict 0, 1 or 2: from 1 on, kernel addresses may be hidden
 * @param modules the state of each of {@link #MODULES}
 * @param btf which of vmlinux and {@link #MODULES} show their types in /sys/kernel/btf
 * @param bpfStats whether the kernel counts the runs and the time of BPF programs
 * @param ftrace whether ftrace is on: off disables kprobes that sit on ftrace
 * @param kprobes whether kprobes are armed
 * @param cpusOnline number of CPUs that are online; 0 if unknown
 */
public record KernelFacts(
    String release,
    String version,
    Lockdown lockdown,
    Optional<Path> tracefs,
    OptionalInt kptrRestrict,
    Map<String, ModuleState> modules,
    Set<String> btf,
    Switch bpfStats,
    Switch ftrace,
    Switch kprobes,
    int cpusOnline) {
  /** The modules whose code and types are of interest. */
  public static final List<String> MODULES = List.of("vhost", "vhost_net", "tun", "tap");

  static final List<String> TRACEFS = List.of("sys/kernel/tracing", "sys/kernel/debug/tracing");

  /** The device a module makes: one built in without parameters has no directory in /sys/module. */
  private static final Map<String, String> DEVICES = Map.of("vhost_net", "vhost-net", "tun", "tun");

  public static final String FTRACE = "proc/sys/kernel/ftrace_enabled";
  private static final String KPROBES = "sys/kernel/debug/kprobes/enabled";

  private static final String SAMPLE_RATE = "proc/sys/kernel/perf_event_max_sample_rate";

  /** Of the scripts. */
  private static final int PROFILE_HZ = 49;

  private static final int SMALL = 4 << 10;
  private static final int MODULE_LIST = 256 << 10;

  public KernelFacts {
    modules = Map.copyOf(modules);
    btf = Set.copyOf(btf);
  }

  /**
   * Reads everything; what cannot be read is unknown.
   *
   * @param ftrace whether ftrace is on, which is not read here
   */
  public static KernelFacts read(ProcFs fs, Switch ftrace) {
    String release = fs.text("proc/sys/kernel/osrelease", SMALL).orElse("");
    return new KernelFacts(
        release,
        fs.text("proc/sys/kernel/version", SMALL).orElse(""),
        lockdown(fs),
        TRACEFS.stream().filter(dir -> isTracefs(fs, dir)).findFirst().map(fs::path),
        fs.text("proc/sys/kernel/kptr_restrict", SMALL)
            .map(KernelFacts::number)
            .orElse(OptionalInt.empty()),
        modules(fs, release),
        btf(fs),
        bpfStats(fs),
        ftrace,
        flag(fs, KPROBES),
        fs.text("sys/devices/system/cpu/online", SMALL).map(KernelFacts::count).orElse(0));
  }

  /**
   * Returns why a kprobe would attach and never fire, if that is so: they can be disabled as a
   * whole, and those on functions sit on ftrace.
   */
  public Optional<String> disarmed() {
    if (kprobes == Switch.OFF) {
      return Optional.of("kprobes are disabled, /sys/kernel/debug/kprobes/enabled is 0");
    }
    return switch (ftrace) {
      case OFF -> Optional.of("ftrace is off, kernel.ftrace_enabled is 0");
      case HELD ->
          Optional.of(
              "ftrace does not answer: something holds its lock, as a tracer does that cannot get"
                  + " off a livelocked worker");
      case ON, UNKNOWN -> Optional.empty();
    };
  }

  /** Returns whether the kernel counts the runs and the time of BPF programs now. */
  public static Switch bpfStats(ProcFs fs) {
    return flag(fs, "proc/sys/kernel/bpf_stats_enabled");
  }

  /** Returns whether a profile may take its samples; if the limit is unknown, it may. */
  public static boolean allowsSamples(ProcFs fs) {
    return setting(fs, SAMPLE_RATE)
        .map(KernelFacts::number)
        .filter(limit -> limit.isPresent() && limit.getAsInt() < PROFILE_HZ)
        .isEmpty();
  }

  /**
   * Returns whether functions are traced now, by kprobes too. The kernel takes ftrace's lock for
   * it, which a tracer that gets off the functions of a livelocked worker (ftrace_shutdown) holds
   * until the livelock is over: not to be asked while a worker spins.
   */
  public static Switch ftrace(ProcFs fs) {
    return flag(fs, FTRACE);
  }

  /**
   * Returns a text that changes when, beside {@link #ftrace}, what {@link #disarmed} or {@link
   * #allowsSamples} go by does.
   */
  public static String switches(ProcFs fs) {
    return setting(fs, KPROBES).orElse("-") + (allowsSamples(fs) ? "" : " few samples");
  }

  /** Asked every few seconds: an exception for one that is not there would be dear. */
  private static Optional<String> setting(ProcFs fs, String file) {
    return fs.exists(file) ? fs.text(file, SMALL) : Optional.empty();
  }

  /** Returns a module's state, ABSENT for one that is not in {@link #MODULES}. */
  public ModuleState module(String name) {
    return modules.getOrDefault(name, ModuleState.ABSENT);
  }

  /**
   * The file lists all modes, the one in force in brackets: {@code none [integrity]
   * confidentiality}.
   */
  private static Lockdown lockdown(ProcFs fs) {
    Optional<String> modes = fs.text("sys/kernel/security/lockdown", SMALL);
    if (modes.isEmpty()) {
      // The directory is there without securityfs too, but then it is empty.
      boolean hasSecurityfs = !fs.names("sys/kernel/security").isEmpty();
      return hasSecurityfs && !fs.exists("sys/kernel/security/lockdown")
          ? Lockdown.NONE
          : Lockdown.UNKNOWN;
    }
    return EnumSet.of(Lockdown.NONE, Lockdown.INTEGRITY, Lockdown.CONFIDENTIALITY).stream()
        .filter(mode -> modes.get().contains("[" + mode.name().toLowerCase(Locale.ROOT) + "]"))
        .findFirst()
        .orElse(Lockdown.UNKNOWN);
  }

  private static boolean isTracefs(ProcFs fs, String directory) {
    return fs.isReadableDirectory(directory) && fs.exists(directory + "/README");
  }

  private static Map<String, ModuleState> modules(ProcFs fs, String release) {
    // One line a module: name size users dependants state address.
    Optional<String> loaded = fs.text("proc/modules", MODULE_LIST);
    Set<String> live =
        loaded
            .orElse("")
            .lines()
            .map(line -> line.split(" ", 6))
            .filter(fields -> fields.length >= 5 && fields[4].equals("Live"))
            .map(fields -> fields[0])
            .collect(Collectors.toSet());
    // A release is a file name; one with a slash is not the kernel's.
    String list =
        release.contains("/")
            ? ""
            : fs.text("lib/modules/" + release + "/modules.builtin", MODULE_LIST).orElse("");
    Set<String> compiledIn =
        list.lines()
            .map(path -> path.substring(path.lastIndexOf('/') + 1))
            .filter(file -> file.endsWith(".ko"))
            .map(file -> file.substring(0, file.length() - 3).replace('-', '_'))
            .collect(Collectors.toSet());
    Map<String, ModuleState> states = new TreeMap<>();
    for (String module : MODULES) {
      if (live.contains(module) || (loaded.isEmpty() && mayBeLive(fs, module))) {
        states.put(module, ModuleState.LOADED);
      } else {
        boolean builtIn = compiledIn.contains(module) || hasTraceOfBuiltIn(fs, module);
        states.put(module, builtIn ? ModuleState.BUILT_IN : ModuleState.ABSENT);
      }
    }
    return states;
  }

  /** Whoever can open no file must not take a module for absent: nobody would watch it. */
  private static boolean mayBeLive(ProcFs fs, String module) {
    String state = "sys/module/" + module + "/initstate";
    return fs.exists(state) && fs.text(state, SMALL).map("live"::equals).orElse(true);
  }

  /**
   * Kernels that were not installed with their list of built-in modules show them by what they
   * made.
   */
  private static boolean hasTraceOfBuiltIn(ProcFs fs, String module) {
    // Only modules that are loaded or on the way in or out have a state.
    String directory = "sys/module/" + module;
    if (fs.exists(directory)) {
      return !fs.exists(directory + "/initstate");
    }
    String device = DEVICES.get(module);
    return device != null && fs.exists("sys/class/misc/" + device);
  }

  private static Set<String> btf(ProcFs fs) {
    Set<String> present = new TreeSet<>();
    for (String name : fs.names("sys/kernel/btf")) {
      if (name.equals("vmlinux") || MODULES.contains(name)) {
        present.add(name);
      }
    }
    return present;
  }

  private static Switch flag(ProcFs fs, String file) {
    OptionalInt value = fs.text(file, SMALL).map(KernelFacts::number).orElse(OptionalInt.empty());
    return value.isEmpty() ? Switch.UNKNOWN : value.getAsInt() == 0 ? Switch.OFF : Switch.ON;
  }

  private static OptionalInt number(String text) {
    int value = ProcFs.id(text);
    return value < 0 ? OptionalInt.empty() : OptionalInt.of(value);
  }

  /** Counts a list of CPUs such as {@code 0-3,8}. */
  private static int count(String cpus) {
    int count = 0;
    for (String range : cpus.split(",", -1)) {
      String[] ends = range.split("-", 2);
      int first = ProcFs.id(ends[0]);
      int last = ProcFs.id(ends[ends.length - 1]);
      if (first < 0 || last < first) {
        return 0;
      }
      count += last - first + 1;
    }
    return count;
  }
}
