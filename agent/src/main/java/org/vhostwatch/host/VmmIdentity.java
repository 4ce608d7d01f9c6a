package org.vhostwatch.host;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Says which VM a process runs, from its command line alone. The read of a command line takes the
 * process' memory lock and can wait behind a process that hangs: not for the detection path.
 */
public final class VmmIdentity {
  /** QEMU started by libvirt with many devices has 10 to 20 KB. */
  private static final int MAX_COMMAND_LINE = 64 << 10;

  private static final int MAX_STATUS = 8 << 10;

  private final ProcFs fs;

  public VmmIdentity(ProcFs fs) {
    this.fs = fs;
  }

  /** Returns the VM of a process; empty if there is no such process. */
  public Optional<Vmm> of(int pid) {
    return fs.read("proc/" + pid + "/stat", TaskStat.MAX_BYTES)
        .flatMap(bytes -> TaskStat.parse(bytes, bytes.length))
        .map(this::identify);
  }

  /**
   * Returns the VM that a worker works for: the process it is a thread of, for a kthread the
   * process of the thread its name tells of. That process may have ended and another one have its
   * id now, as far as /proc can tell.
   */
  public Optional<Vmm> of(Worker worker) {
    return process(worker).flatMap(this::of);
  }

  private Optional<Integer> process(Worker worker) {
    if (worker.kind() == Worker.Kind.VMM_THREAD) {
      return Optional.of(worker.tgid());
    }
    OptionalInt owner = worker.ownerTid();
    return owner.isPresent() ? processOf(owner.getAsInt()) : Optional.empty();
  }

  /**
   * Returns a process without the name that its command line may have: does not wait for a process
   * that hangs. Empty if there is no such process.
   */
  public Optional<Vmm> unnamed(int pid) {
    return fs.read("proc/" + pid + "/stat", TaskStat.MAX_BYTES)
        .flatMap(bytes -> TaskStat.parse(bytes, bytes.length))
        .map(stat -> vmm(stat, QemuCommandLine.NONE));
  }

  /** Returns, in the same way, the process that a worker works for. */
  public Optional<Vmm> unnamed(Worker worker) {
    return process(worker).flatMap(this::unnamed);
  }

  private Vmm identify(TaskStat stat) {
    return vmm(
        stat,
        fs.read("proc/" + stat.tid() + "/cmdline", MAX_COMMAND_LINE)
            .map(bytes -> QemuCommandLine.parse(bytes, bytes.length == MAX_COMMAND_LINE))
            .orElse(QemuCommandLine.NONE));
  }

  private static Vmm vmm(TaskStat stat, QemuCommandLine command) {
    String name = command.name().orElse(stat.comm() + "-" + stat.tid());
    return new Vmm(
        stat.tid(), stat.startTicks(), stat.comm(), bounded(name), command.uuid(), command.vmid());
  }

  /** Cuts a long name, but not through a character of two halves. */
  private static String bounded(String name) {
    if (name.length() <= Vmm.MAX_NAME) {
      return name;
    }
    int end =
        Character.isHighSurrogate(name.charAt(Vmm.MAX_NAME - 1)) ? Vmm.MAX_NAME - 1 : Vmm.MAX_NAME;
    return name.substring(0, end);
  }

  /**
   * Returns the process of a thread; /proc has its directory under the thread id too, though it
   * does not list it.
   */
  private Optional<Integer> processOf(int tid) {
    return Fields.of(fs, "proc/" + tid + "/status", MAX_STATUS)
        .text("Tgid")
        .map(ProcFs::id)
        .filter(pid -> pid > 0);
  }
}
