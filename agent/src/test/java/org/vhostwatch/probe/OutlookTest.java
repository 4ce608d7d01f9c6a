package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.probe.Outlook.Degree;

class OutlookTest {

  private static final String HOST = Outlook.FIRST_PID_NAMESPACE;

  private final Path root;

  OutlookTest(@TempDir Path root) {
    this.root = root;
  }

  /** What Debian's kernel shows to root, beside what the plan reads. */
  private static FakeHost whole(FakeHost host) {
    return host.file("sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
        .file("sys/kernel/debug/kprobes/enabled", "1\n")
        .file("proc/sys/kernel/ftrace_enabled", "1\n")
        .file("sys/kernel/tracing/README", "")
        .file(
            "proc/modules",
            """
            vhost 1 1 vhost_net, Live 0x0
            vhost_net 1 0 - Live 0x0
            tun 1 0 - Live 0x0
            """);
  }

  private Outlook outlook(FakeHost host, BpftraceVersion version, boolean attaches, boolean counts)
      throws PlanException {
    return Outlook.of(
        host.facts(),
        true,
        Optional.of(version),
        Optional.of(Kernels.plan(root, host, version)),
        attaches,
        counts,
        HOST);
  }

  @Test
  void onAWholeHostNothingIsLost() throws PlanException {
    Outlook outlook = outlook(whole(Kernels.v6_18(root)), Kernels.DEBIAN_13, true, true);

    assertThat(outlook.degree()).isEqualTo(Degree.FULL);
    assertThat(outlook.lacks()).allMatch(lack -> lack.lost().startsWith("nothing"));
  }

  @Test
  void whatWorksDecidesNotWhatWasPlanned() throws PlanException {
    FakeHost host = whole(Kernels.v6_18(root));

    assertThat(outlook(host, Kernels.DEBIAN_13, false, true).degree()).isEqualTo(Degree.CENSUS);
    assertThat(outlook(host, Kernels.DEBIAN_13, true, false).degree()).isEqualTo(Degree.NO_CENSUS);
    assertThat(outlook(host, Kernels.DEBIAN_13, false, false).degree()).isEqualTo(Degree.PROC);
    FakeHost without = whole(Kernels.withoutBtf(root));
    without.remove("sys/kernel/btf");
    assertThat(outlook(without, Kernels.DEBIAN_13, true, false).degree()).isEqualTo(Degree.COUNTS);
  }

  @Test
  void eachLackSaysWhatWouldRaiseIt() throws PlanException {
    FakeHost host =
        whole(Kernels.v6_18(root))
            .file("proc/kallsyms", "0000000000000000 r vhost_net_fops\t[vhost_net]\n")
            .file("proc/sys/kernel/ftrace_enabled", "0\n");
    host.remove("sys/kernel/btf/tun");
    host.remove("sys/kernel/tracing");
    host.remove("sys/kernel/security");

    assertThat(outlook(host, Kernels.DEBIAN_12, false, true).lacks())
        .extracting(Outlook.Lack::raise)
        .containsExactly(
            "mount -t securityfs securityfs /sys/kernel/security",
            "sysctl kernel.ftrace_enabled=1",
            "mount -t tracefs tracefs /sys/kernel/tracing",
            "a kernel with CONFIG_DEBUG_INFO_BTF_MODULES, and /sys/kernel/btf not hidden",
            "sysctl kernel.kptr_restrict=1 or 0; in a container the capability CAP_SYSLOG",
            "bpftrace 0.21.0 or newer");
  }

  @Test
  void withoutBpftraceOnlyThatIsSaid() {
    FakeHost host = whole(Kernels.v6_18(root)).file("sys/kernel/debug/kprobes/enabled", "0\n");
    Outlook outlook =
        Outlook.of(
            host.facts(),
            true,
            Optional.empty(),
            Optional.empty(),
            false,
            false,
            "pid:[4026532222]");

    assertThat(outlook.degree()).isEqualTo(Degree.PROC);
    assertThat(outlook.lacks())
        .extracting(Outlook.Lack::what)
        .containsExactly(
            "bpftrace 0.17.0 or newer", "the host's PID namespace: this is pid:[4026532222]");
  }
}
