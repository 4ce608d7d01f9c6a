package org.vhostwatch.probe;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.vhostwatch.host.ProcFs;

/**
 * What the programs of one running script cost, by probe. The kernel shows programs without the
 * names of their probes, and bpftrace loads them in another order in each version, so a program
 * gets a name only where its kind leaves no choice; else it is counted under its kind and number.
 */
public final class ProgramRuns {

  /** The script's first and last words: they run once, and are not what probing costs. */
  static final String ENDS = "BEGIN, END";

  private static final Pattern HEADER = Pattern.compile("(?:BEGIN|END|[a-z]+:[^\\s/{]+).*");
  private static final Pattern NAME_END = Pattern.compile("[\\s/{]");

  /** More than bpftrace holds open on any host: rings for each CPU, maps, programs. */
  private static final int MAX_FILES = 8192;

  private final ProcFs fs;
  private final long pid;
  private final List<String> files = new ArrayList<>();
  private final List<String> kprobes = new ArrayList<>();
  private final List<String> timers = new ArrayList<>();

  /**
   * How often a program ran.
   *
   * @param nanos the time that took, in nanoseconds
   */
  public record Runs(long count, long nanos) {
    Runs plus(Runs other) {
      return new Runs(count + other.count, nanos + other.nanos);
    }
  }

  /**
   * Looks for the programs of a bpftrace whose probes are attached.
   *
   * @param script what it runs
   */
  public ProgramRuns(ProcFs fs, long pid, String script) {
    this.fs = fs;
    this.pid = pid;
    for (String line : script.lines().toList()) {
      if (HEADER.matcher(line).matches()) {
        note(NAME_END.split(line, 2)[0]);
      }
    }
    fs.names("proc/" + pid + "/fdinfo").stream()
        .limit(MAX_FILES)
        .filter(file -> BpfProgram.read(fs, pid, file).isPresent())
        .forEach(files::add);
  }

  private void note(String probe) {
    if (probe.startsWith("kprobe:")) {
      kprobes.add(probe.substring(probe.lastIndexOf(':') + 1));
    } else if (probe.startsWith("kretprobe:")) {
      kprobes.add(probe);
    } else if (probe.startsWith("interval:") || probe.startsWith("profile:")) {
      timers.add(probe);
    }
  }

  /** Returns the costs so far, by probe; empty when it has ended. A few small reads. */
  public Map<String, Runs> read() {
    List<BpfProgram> programs = new ArrayList<>();
    for (String file : files) {
      BpfProgram.read(fs, pid, file).ifPresent(programs::add);
    }
    programs.sort(Comparator.comparingLong(BpfProgram::id));
    Map<String, Runs> costs = new LinkedHashMap<>();
    name(of(programs, BpfProgram.KPROBE), kprobes, "kprobe", costs);
    name(of(programs, BpfProgram.PERF_EVENT), timers, "timer", costs);
    for (BpfProgram program : programs) {
      if (program.type() != BpfProgram.KPROBE && program.type() != BpfProgram.PERF_EVENT) {
        add(costs, ENDS, program);
      }
    }
    return costs;
  }

  private static List<BpfProgram> of(List<BpfProgram> programs, long type) {
    return programs.stream().filter(program -> program.type() == type).toList();
  }

  private static void name(
      List<BpfProgram> programs, List<String> probes, String kind, Map<String, Runs> costs) {
    // Beside the only probe of its kind there are at most BEGIN and END, which do nothing but
    // print.
    boolean one = probes.size() == 1 && programs.size() <= 3;
    long largest = programs.stream().mapToLong(BpfProgram::verified).max().orElse(0);
    boolean clear =
        programs.size() == 1
            || programs.stream().filter(program -> program.verified() == largest).count() == 1;
    int number = 0;
    for (BpfProgram program : programs) {
      number++;
      if (probes.isEmpty()) {
        add(costs, ENDS, program);
      } else if (one && clear) {
        add(costs, program.verified() == largest ? probes.get(0) : ENDS, program);
      } else {
        add(costs, kind + " program " + number, program);
      }
    }
  }

  private static void add(Map<String, Runs> costs, String probe, BpfProgram program) {
    costs.merge(probe, new Runs(program.runs(), program.nanos()), Runs::plus);
  }
}
