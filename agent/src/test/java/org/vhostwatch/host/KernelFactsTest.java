package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelFactsTest {
  private Path root;
  private FakeHost host;

  @BeforeEach
  void aHost(@TempDir Path directory) {
    root = directory;
    host = new FakeHost(directory);
  }

  @Test
  void aProfileNeedsAsManySamplesAsItTakes() {
    assertThat(KernelFacts.allowsSamples(host.fs())).as("unknown").isTrue();
    String before = KernelFacts.switches(host.fs());
    host.file("proc/sys/kernel/perf_event_max_sample_rate", "49\n");
    assertThat(KernelFacts.allowsSamples(host.fs())).isTrue();
    assertThat(KernelFacts.switches(host.fs())).isEqualTo(before);
    host.file("proc/sys/kernel/perf_event_max_sample_rate", "48\n");
    assertThat(KernelFacts.allowsSamples(host.fs())).isFalse();
    assertThat(KernelFacts.switches(host.fs())).isNotEqualTo(before);
  }

  @Test
  void readsAHostThatShowsEverything() {
    host.file("proc/sys/kernel/osrelease", "6.18.15+deb13-cloud-amd64\n")
        .file("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.18.15-1~bpo13+1\n")
        .file("proc/sys/kernel/kptr_restrict", "1\n")
        .file("proc/sys/kernel/bpf_stats_enabled", "0\n")
        .file("proc/sys/kernel/ftrace_enabled", "1\n")
        .file("sys/kernel/debug/kprobes/enabled", "1\n")
        .file("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        .file("sys/kernel/tracing/README", "tracing mini-HOWTO")
        .file("sys/kernel/btf/vmlinux", "")
        .file("sys/kernel/btf/vhost", "")
        .file("sys/kernel/btf/ext4", "")
        .file("sys/devices/system/cpu/online", "0-3,8,10-11\n")
        .file(
            "proc/modules",
            """
            vhost_net 36864 1 - Live 0x0000000000000000
            vhost 65536 1 vhost_net, Live 0x0
            tap 28672 0 - Loading 0x0
            """)
        .file(
            "lib/modules/6.18.15+deb13-cloud-amd64/modules.builtin",
            "kernel/fs/fuse/fuse.ko\nkernel/drivers/net/tun.ko\n");

    KernelFacts facts = host.facts();

    assertThat(facts.release()).isEqualTo("6.18.15+deb13-cloud-amd64");
    assertThat(facts.version()).isEqualTo("#1 SMP PREEMPT_DYNAMIC Debian 6.18.15-1~bpo13+1");
    assertThat(facts.kptrRestrict()).hasValue(1);
    assertThat(facts.bpfStats()).isEqualTo(Switch.OFF);
    assertThat(facts.ftrace()).isEqualTo(Switch.ON);
    assertThat(facts.kprobes()).isEqualTo(Switch.ON);
    assertThat(facts.lockdown()).isEqualTo(Lockdown.INTEGRITY);
    assertThat(facts.tracefs()).contains(root.resolve("sys/kernel/tracing"));
    assertThat(facts.btf()).containsExactlyInAnyOrder("vmlinux", "vhost");
    assertThat(facts.cpusOnline()).isEqualTo(7);
    assertThat(facts.module("vhost")).isEqualTo(ModuleState.LOADED);
    assertThat(facts.module("vhost_net")).isEqualTo(ModuleState.LOADED);
    assertThat(facts.module("tun")).isEqualTo(ModuleState.BUILT_IN);
    assertThat(facts.module("tap")).isEqualTo(ModuleState.ABSENT);
    assertThat(facts.module("ext4")).isEqualTo(ModuleState.ABSENT);
  }

  @Test
  void whatIsBuiltInShowsByWhatItMade() {
    host.file("sys/class/misc/tun/dev", "10:200")
        .directory("sys/module/vhost/parameters")
        .file("sys/module/vhost_net/initstate", "coming");

    KernelFacts facts = host.facts();

    assertThat(facts.module("tun")).isEqualTo(ModuleState.BUILT_IN);
    assertThat(facts.module("vhost")).isEqualTo(ModuleState.BUILT_IN);
    assertThat(facts.module("vhost_net")).as("still loading").isEqualTo(ModuleState.ABSENT);
    assertThat(facts.module("tap")).isEqualTo(ModuleState.ABSENT);
  }

  @Test
  void whereNoListOfModulesCanBeReadTheyShowByTheirState() {
    host.file("sys/module/vhost/initstate", "live\n").directory("sys/module/vhost_net/initstate");

    KernelFacts facts = host.facts();

    assertThat(facts.module("vhost")).isEqualTo(ModuleState.LOADED);
    assertThat(facts.module("vhost_net")).as("not readable either").isEqualTo(ModuleState.LOADED);
    host.file("proc/modules", "");
    assertThat(host.facts().module("vhost")).isEqualTo(ModuleState.ABSENT);
  }

  @Test
  void readsAHostThatShowsNothing() {
    KernelFacts facts = host.facts();

    assertThat(facts.release()).isEmpty();
    assertThat(facts.lockdown()).isEqualTo(Lockdown.UNKNOWN);
    assertThat(facts.tracefs()).isEmpty();
    assertThat(facts.kptrRestrict()).isEmpty();
    assertThat(facts.modules().values()).containsOnly(ModuleState.ABSENT);
    assertThat(facts.btf()).isEmpty();
    assertThat(facts.bpfStats()).isEqualTo(Switch.UNKNOWN);
    assertThat(facts.cpusOnline()).isZero();
  }

  @Test
  void tracefsBelowDebugfsIsTheSecondChoice() {
    host.directory("sys/kernel/tracing").file("sys/kernel/debug/tracing/README", "");
    assertThat(host.facts().tracefs()).contains(root.resolve("sys/kernel/debug/tracing"));
  }

  @ParameterizedTest
  @CsvSource({
    "[none] integrity confidentiality, NONE",
    "none integrity [confidentiality], CONFIDENTIALITY",
    "none integrity confidentiality, UNKNOWN",
    "'', UNKNOWN"
  })
  void readsTheLockdownInForce(String text, Lockdown lockdown) {
    host.file("sys/kernel/security/lockdown", text);
    assertThat(host.facts().lockdown()).isEqualTo(lockdown);
  }

  @Test
  void aKernelWithoutLockdownHasNone() {
    host.file("sys/kernel/security/lsm", "capability,yama");
    assertThat(host.facts().lockdown()).isEqualTo(Lockdown.NONE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"0|1", "0-127|128", "0-1,3|3", "x|0", "3-1|0", "0-|0", "''|0", "0-1-2|0"})
  void countsCpus(String list, int count) {
    host.file("sys/devices/system/cpu/online", list + "\n");
    assertThat(host.facts().cpusOnline()).isEqualTo(count);
  }

  /** The file of securityfs refuses to seek, as a pipe does. */
  @Test
  void readsTheLockdownWithoutASeek() throws Exception {
    Path file = host.fifo("sys/kernel/security/lockdown");
    CompletableFuture<Void> written =
        CompletableFuture.runAsync(
            () -> {
              try (FileOutputStream out = new FileOutputStream(file.toFile())) {
                out.write("none integrity [confidentiality]\n".getBytes(StandardCharsets.US_ASCII));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });

    assertThat(host.facts().lockdown()).isEqualTo(Lockdown.CONFIDENTIALITY);
    written.get(10, TimeUnit.SECONDS);
  }

  @Test
  void probesAreDisarmedAsAWholeOrWithFtrace() {
    assertThat(host.facts().disarmed()).as("not known").isEmpty();
    host.file("proc/sys/kernel/ftrace_enabled", "0\n");
    assertThat(host.facts().disarmed()).contains("ftrace is off, kernel.ftrace_enabled is 0");
    String before = KernelFacts.switches(host.fs());
    host.file("sys/kernel/debug/kprobes/enabled", "0\n");
    assertThat(host.facts().disarmed())
        .contains("kprobes are disabled, /sys/kernel/debug/kprobes/enabled is 0");
    assertThat(KernelFacts.switches(host.fs())).isNotEqualTo(before);
  }

  @Test
  void readsTheHostTheseTestsRunOn() {
    assertThat(
            KernelFacts.read(new ProcFs(Path.of("/")), KernelFacts.ftrace(new ProcFs(Path.of("/"))))
                .release())
        .isNotEmpty();
  }
}
