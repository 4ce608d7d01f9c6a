package org.vhostwatch.probe;

import java.util.Optional;
import java.util.OptionalLong;
import org.vhostwatch.host.Fields;
import org.vhostwatch.host.ProcFs;

/**
 * A BPF program that a process holds open, as /proc/PID/fdinfo shows it.
 *
 * @param id counts up with each program that is loaded
 * @param type its kind, an enum bpf_prog_type of the kernel's uapi
 * @param verified instructions that the verifier went through; 0 on kernels that do not say
 * @param runs how often it ran while the kernel counted (kernel.bpf_stats_enabled)
 * @param nanos the time that took, in nanoseconds
 */
record BpfProgram(long id, long type, long verified, long runs, long nanos) {

  /** BPF_PROG_TYPE_KPROBE: kprobes and kretprobes; BEGIN and END too in most versions. */
  static final long KPROBE = 2;

  /** BPF_PROG_TYPE_PERF_EVENT: interval and profile. */
  static final long PERF_EVENT = 7;

  private static final int MAX_BYTES = 4 << 10;

  /** Reads an open file; empty if it is gone or something else. */
  static Optional<BpfProgram> read(ProcFs fs, long pid, String fd) {
    Fields fields = Fields.of(fs, "proc/" + pid + "/fdinfo/" + fd, MAX_BYTES);
    OptionalLong type = fields.number("prog_type");
    OptionalLong id = fields.number("prog_id");
    OptionalLong runs = fields.number("run_cnt");
    OptionalLong nanos = fields.number("run_time_ns");
    // A link shows the id of its program, but no type.
    return type.isEmpty() || id.isEmpty() || runs.isEmpty() || nanos.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new BpfProgram(
                id.getAsLong(),
                type.getAsLong(),
                fields.number("verified_insns").orElse(0),
                runs.getAsLong(),
                nanos.getAsLong()));
  }
}
