package org.vhostwatch.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.host.Symbols;

class PlannerTest {

  private static final Pattern ZERO_ADDRESS = Pattern.compile("\\b0 /\\*&[^*]*\\*/");

  private final Path root;

  PlannerTest(@TempDir Path root) {
    this.root = root;
  }

  @Test
  void on618AllIsMeasuredButWhatTheCompilerInlined() throws PlanException {
    Plan plan = Kernels.plan(root, Kernels.v6_18(root), Kernels.DEBIAN_13);

    assertThat(plan.indices()).isTrue();
    assertThat(plan.measurements())
        .filteredOn(m -> m.quality() != Measurement.Quality.MEASURED)
        .extracting(Measurement::what)
        .containsExactly("get_rx_ret");
    assertThat(plan.evidencePlan(Set.of(183)))
        .isEqualTo(
            new EvidencePlan(
                Set.of(183),
                true,
                false,
                "vhost_net_buf_peek",
                "vhost_get_vq_desc_n",
                true,
                true,
                true));
    assertThat(plan.sentinel().orElseThrow())
        .contains("kprobe:vhost:vhost_discard_vq_desc\n")
        .contains("arg0 + 304 /*vhost_virtqueue.handle_kick*/")
        .contains("== 0xffffffffc0a01230 /*&handle_rx_kick*/")
        .contains("$vq + 318 /*vhost_virtqueue.last_used_idx*/")
        .doesNotContain("@signals");
    assertThat(plan.census().orElseThrow())
        .contains("$fops == 0xffffffffc0a04000 /*&vhost_net_fops*/")
        .contains("$vhost_net + 192 /*vhost_net.vqs*/")
        .contains("$vq + 18944 /*sizeof vhost_net_virtqueue*/")
        .contains("$vq + 18932 /*vhost_net_virtqueue.rxq.head*/")
        .contains("if (1 /*?vhost_worker.vtsk*/)")
        .contains("if (0 /*?vhost_dev.worker.plain*/)")
        .contains("if (0 /*?&tap_socket_ops*/");
  }

  @Test
  void on61TheWorkerIsTheDevicesTask() throws PlanException {
    Plan plan = Kernels.plan(root, Kernels.v6_1(root), Kernels.DEBIAN_12);

    assertThat(plan.census().orElseThrow())
        .contains("if (1 /*?vhost_dev.worker*/)")
        .contains("if (1 /*?vhost_dev.worker.plain*/)")
        .contains("if (0 /*?vhost_dev.worker.vtsk*/)")
        .contains("if (0 /*?vhost_virtqueue.worker*/)")
        .contains("if (0 /*?vhost_worker.vtsk*/)")
        .contains("$dev + 104 /*vhost_dev.worker*/");
    assertThat(plan.evidencePlan(Set.of(1)).descriptorFunction()).isEqualTo("vhost_get_vq_desc");
    assertThat(plan.evidence(Set.of(1)))
        .contains("kretprobe:vhost_get_vq_desc\n")
        .contains("kprobe:vhost_get_vq_desc\n")
        .doesNotContain("\nkretprobe:vhost_get_vq_desc_n\n");
  }

  @Test
  void on64TheWorkerIsAPartOfTheDevice() throws PlanException {
    FakeHost host = Kernels.v6_1(root);
    Kernels.types6_4().writeTo(host);

    assertThat(Kernels.plan(root, host, Kernels.DEBIAN_13).census().orElseThrow())
        .contains("if (1 /*?vhost_dev.worker.vtsk*/) { $w = $dev + 0 /*vhost_dev.worker*/; }")
        .contains("if (0 /*?vhost_dev.worker.plain*/)")
        .contains("if (1 /*?vhost_worker.vtsk*/)");
  }

  @Test
  void withoutBtfThereIsNoCensusAndSpinsAreTold() throws PlanException {
    Plan plan = Kernels.plan(root, Kernels.withoutBtf(root), Kernels.DEBIAN_13);

    assertThat(plan.census()).isEmpty();
    assertThat(plan.indices()).isFalse();
    assertThat(plan.measurements())
        .anySatisfy(
            m -> {
              assertThat(m.what()).isEqualTo("census");
              assertThat(m.quality()).isEqualTo(Measurement.Quality.NONE);
              assertThat(m.how()).contains("sys/kernel/btf/vmlinux");
            })
        .anySatisfy(
            m -> {
              assertThat(m.what()).isEqualTo("spins");
              assertThat(m.quality()).isEqualTo(Measurement.Quality.DERIVED);
            });
    assertThat(code(plan.sentinel().orElseThrow()))
        .contains("@signals[(uint64)arg1]++")
        .doesNotContain("handle_kick");
  }

  /** bpftrace may take seconds to print a frame, and an episode may begin meanwhile. */
  @Test
  void anEpisodeIsNoLongerForBeingPrintedWhileTheNextBegins() throws PlanException {
    Plan plan = Kernels.plan(root, Kernels.v6_18(root), Kernels.DEBIAN_13);
    for (String script : List.of(plan.sentinel().orElseThrow(), plan.evidence(Set.of(7)))) {
      assertThat(code(script))
          .containsSubsequence(
              "print(@passes);", "print(@used);", "print(@seen);", "print(@start);");
    }
  }

  @Test
  void noModuleIsNamedBefore021() throws PlanException {
    Plan plan = Kernels.plan(root, Kernels.v6_18(root), Kernels.DEBIAN_12);
    for (String script : List.of(plan.sentinel().orElseThrow(), plan.evidence(Set.of(7)))) {
      assertThat(attachPoints(script))
          .isNotEmpty()
          .allMatch(point -> point.split(":", -1).length == 2);
    }
    Plan newer = Kernels.plan(root, Kernels.v6_18(root), Kernels.DEBIAN_13);
    assertThat(attachPoints(newer.evidence(Set.of(7))))
        .allMatch(point -> point.split(":", -1).length == 3);
  }

  /** Without a module, bpftrace from 0.26 on joins the two probes of a function. */
  @Test
  void whatIsBuiltInIsProbedInVmlinux() throws PlanException {
    for (BpftraceVersion version : List.of(Kernels.DEBIAN_13, Kernels.SID)) {
      Plan plan = Kernels.plan(root, Kernels.builtIn(root), version);
      assertThat(plan.census()).isPresent();
      assertThat(plan.indices()).isTrue();
      assertThat(attachPoints(plan.resident(Mode.CONTINUOUS).orElseThrow()))
          .containsExactly(
              "kprobe:vmlinux:vhost_discard_vq_desc",
              "kretprobe:vmlinux:vhost_net_buf_peek",
              "kprobe:vmlinux:vhost_get_vq_desc",
              "kretprobe:vmlinux:vhost_get_vq_desc",
              "kprobe:vmlinux:tun_recvmsg");
      assertThat(attachPoints(plan.evidence(Set.of(7))))
          .contains("kprobe:vmlinux:vhost_enable_notify", "kretprobe:vmlinux:vhost_enable_notify")
          .allMatch(point -> point.contains("probe:vmlinux:"));
    }
  }

  @Test
  void anOldBpftraceProbesWhatIsBuiltInByItsNameAlone() throws PlanException {
    Plan plan = Kernels.plan(root, Kernels.builtIn(root), Kernels.DEBIAN_12);
    assertThat(attachPoints(plan.sentinel().orElseThrow()))
        .containsExactly("kprobe:vhost_discard_vq_desc");
    assertThat(attachPoints(plan.evidence(Set.of(7))))
        .contains("kprobe:vhost_get_vq_desc", "kretprobe:vhost_get_vq_desc")
        .allMatch(point -> point.split(":", -1).length == 2);
  }

  @Test
  void aTunThatIsBuiltInIsProbedBesideTheModules() throws PlanException {
    FakeHost host =
        Kernels.v6_18(root)
            .file(
                "sys/kernel/tracing/available_filter_functions",
                "tun_recvmsg\nvhost_discard_vq_desc [vhost]\n");
    assertThat(attachPoints(Kernels.plan(root, host, Kernels.SID).evidence(Set.of(7))))
        .containsExactly("kprobe:vhost:vhost_discard_vq_desc", "kprobe:vmlinux:tun_recvmsg");
  }

  /** The kernel gets the name alone, whatever bpftrace was told. */
  @Test
  void whatIsBuiltInIsNotProbedIfAModuleHasItsName() throws PlanException {
    FakeHost host =
        Kernels.v6_18(root)
            .file(
                "sys/kernel/tracing/available_filter_functions",
                "tun_recvmsg\nvhost_discard_vq_desc [vhost]\ntun_recvmsg [other]\n");
    assertThat(Kernels.plan(root, host, Kernels.SID).evidencePlan(Set.of(7)).recvmsg()).isFalse();
  }

  @Test
  void everyScriptRendersForEveryKernelWithoutAnAddressOfZero(@TempDir Path other)
      throws PlanException {
    for (BpftraceVersion version : List.of(Kernels.DEBIAN_12, Kernels.DEBIAN_13)) {
      for (Plan plan :
          List.of(
              Kernels.plan(root, Kernels.v6_18(root), version),
              Kernels.plan(other, Kernels.v6_1(other), version))) {
        assertThat(plan.indices()).isTrue();
        for (String script : List.of(plan.sentinel().orElseThrow(), plan.evidence(Set.of(1, 2)))) {
          assertThat(ZERO_ADDRESS.matcher(script).find()).as(script).isFalse();
          assertThat(script).doesNotContain("/*worker*/");
        }
        // A module that is not loaded has no address; the census asks before it compares.
        Matcher zero = ZERO_ADDRESS.matcher(plan.census().orElseThrow());
        while (zero.find()) {
          assertThat(zero.group()).containsAnyOf("tap_socket_ops", "tap_fops");
        }
      }
    }
  }

  @Test
  void aCloneIsProbedUnderItsOwnName() throws PlanException {
    FakeHost host =
        Kernels.v6_18(root)
            .file(
                "sys/kernel/tracing/available_filter_functions",
                """
                vhost_discard_vq_desc [vhost]
                get_rx_bufs.isra.0 [vhost_net]
                peek_head_len.constprop.0 [vhost_net]
                """);
    Plan plan = Kernels.plan(root, host, Kernels.DEBIAN_13);

    assertThat(attachPoints(plan.evidence(Set.of(7))))
        .containsExactly(
            "kprobe:vhost:vhost_discard_vq_desc",
            "kretprobe:vhost_net:get_rx_bufs.isra.0",
            "kretprobe:vhost_net:peek_head_len.constprop.0");
    EvidencePlan measures = plan.evidencePlan(Set.of(7));
    assertThat(measures.getRxBufs()).isTrue();
    assertThat(measures.peekFunction()).isEqualTo("peek_head_len.constprop.0");
    assertThat(measures.descriptorFunction()).isEmpty();
    assertThat(measures.recvmsg()).isFalse();
  }

  @Test
  void whatIsNotUniqueIsNotProbedByItsNameAlone() throws PlanException {
    FakeHost host =
        Kernels.v6_18(root)
            .file(
                "sys/kernel/tracing/available_filter_functions",
                """
                vhost_discard_vq_desc [vhost]
                peek_head_len
                peek_head_len [vhost_net]
                tun_recvmsg [tun]
                tun_recvmsg [tun]
                """);

    assertThat(Kernels.plan(root, host, Kernels.DEBIAN_13).evidencePlan(Set.of(7)))
        .matches(measures -> measures.peekFunction().equals("peek_head_len"))
        .matches(measures -> !measures.recvmsg(), "two of one name in one module");
    assertThat(Kernels.plan(root, host, Kernels.DEBIAN_12).evidencePlan(Set.of(7)).peekFunction())
        .isEmpty();
  }

  @Test
  void disarmedKprobesAreNotAttached() throws PlanException {
    FakeHost host = Kernels.v6_18(root).file("sys/kernel/debug/kprobes/enabled", "0\n");
    Plan plan = Kernels.plan(root, host, Kernels.DEBIAN_13);

    assertThat(plan.sentinel()).isEmpty();
    assertThat(plan.census()).as("attaches nothing").isPresent();
    assertThat(attachPoints(plan.evidence(Set.of(7)))).isEmpty();
    assertThat(plan.measurements())
        .contains(
            Measurement.none(
                "spins", "kprobes are disabled, /sys/kernel/debug/kprobes/enabled is 0"))
        .filteredOn(measurement -> measurement.what().equals("get_rx_ret"))
        .extracting(Measurement::quality)
        .containsExactly(Measurement.Quality.NONE);
  }

  @Test
  void hiddenAddressesMeanNoCensusAndNoIndices() throws PlanException {
    FakeHost host =
        Kernels.v6_18(root)
            .file(
                "proc/kallsyms",
                """
                0000000000000000 r vhost_net_fops\t[vhost_net]
                0000000000000000 t handle_rx_kick\t[vhost_net]
                """);
    Plan plan = Kernels.plan(root, host, Kernels.DEBIAN_13);

    assertThat(plan.census()).isEmpty();
    assertThat(plan.indices()).isFalse();
    assertThat(plan.measurements())
        .contains(Measurement.none("census", "kallsyms does not show vhost_net_fops"));
    assertThat(code(plan.sentinel().orElseThrow())).doesNotContain("handle_rx_kick");
  }

  @Test
  void aMissingMemberIsNamed() throws PlanException {
    FakeHost host = Kernels.v6_18(root);
    Kernels.types6_18().without("sk_buff.len").writeTo(host);
    Plan plan = Kernels.plan(root, host, Kernels.DEBIAN_13);

    assertThat(plan.census()).isEmpty();
    assertThat(plan.sentinel()).as("does not need it").isPresent();
    assertThat(plan.measurements())
        .contains(Measurement.none("census", "this kernel's BTF has no sk_buff.len"));
  }

  @Test
  void brokenBtfIsNamed() throws PlanException {
    FakeHost host = Kernels.v6_18(root).file("sys/kernel/btf/vhost", "no btf");
    Plan plan = Kernels.plan(root, host, Kernels.DEBIAN_13);

    assertThat(plan.census()).isEmpty();
    assertThat(plan.measurements().get(0).how()).contains("sys/kernel/btf/vhost");
    assertThat(plan.sentinel()).as("counts calls instead").isPresent();
  }

  @Test
  void withoutTheModuleNothingCanBeProbed() throws PlanException {
    FakeHost host = new FakeHost(root).file("proc/kallsyms", "ffffffff81000000 T _stext\n");
    Plan plan = Kernels.plan(root, host, Kernels.DEBIAN_13);

    assertThat(plan.census()).isEmpty();
    assertThat(plan.sentinel()).isEmpty();
    assertThat(plan.measurements())
        .filteredOn(m -> m.what().equals("spins"))
        .extracting(Measurement::quality)
        .containsExactly(Measurement.Quality.NONE);
  }

  @Test
  void continuousModeAddsTheHistogramsToTheSentinel() throws PlanException {
    Plan plan = Kernels.plan(root, Kernels.v6_18(root), Kernels.DEBIAN_13);
    String sentinel = plan.sentinel().orElseThrow();
    assertThat(plan.resident(Mode.SENTINEL)).contains(sentinel);
    assertThat(plan.resident(Mode.ON_DEMAND)).contains(sentinel);
    String continuous = plan.resident(Mode.CONTINUOUS).orElseThrow();
    assertThat(continuous).startsWith(sentinel).doesNotContain("kretprobe:vhost_net:get_rx_bufs");
    assertThat(attachPoints(continuous))
        .containsExactly(
            "kprobe:vhost:vhost_discard_vq_desc",
            "kretprobe:vhost_net:vhost_net_buf_peek",
            "kprobe:vhost:vhost_get_vq_desc_n",
            "kretprobe:vhost:vhost_get_vq_desc_n",
            "kprobe:tun:tun_recvmsg");
  }

  @Test
  void severalWorkersAreOneFilter() throws PlanException {
    Plan plan = Kernels.plan(root, Kernels.v6_18(root), Kernels.DEBIAN_13);
    assertThat(plan.evidence(Set.of(183, 7, 42)))
        .contains("/(tid == 7 || tid == 42 || tid == 183) && @fetching[tid] != 0/")
        .contains("/(tid == 7 || tid == 42 || tid == 183) /");
  }

  @Test
  void aScriptThatOthersMayWriteIsRefused() throws IOException {
    Path scripts = copyOfScripts();
    Path file = scripts.resolve("sentinel.bt");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
    assertThatThrownBy(() -> Scripts.read(scripts))
        .isInstanceOf(PlanException.class)
        .hasMessageContainingAll(file.toString(), "chmod go-w");
  }

  @Test
  void aFolderThatOthersMayWriteIsRefused() throws IOException {
    Path scripts = copyOfScripts();
    Files.setPosixFilePermissions(scripts, PosixFilePermissions.fromString("rwxr-xrwx"));
    assertThatThrownBy(() -> Scripts.read(scripts))
        .isInstanceOf(PlanException.class)
        .hasMessageContainingAll(scripts.toString(), "writable by others");
  }

  @Test
  void aScriptOfAnotherUserIsRefused() throws IOException {
    Path scripts = copyOfScripts();
    Path file = scripts.resolve("census.bt");
    Files.setAttribute(file, "unix:uid", 65534);
    assertThatThrownBy(() -> Scripts.read(scripts))
        .isInstanceOf(PlanException.class)
        .hasMessageContainingAll(file.toString(), "owned by user 65534");
  }

  @Test
  void aMissingScriptIsNamed() throws IOException {
    Path scripts = copyOfScripts();
    Files.delete(scripts.resolve("evidence.bt"));
    assertThatThrownBy(() -> Scripts.read(scripts))
        .isInstanceOf(PlanException.class)
        .hasMessageContaining("evidence.bt");
  }

  @Test
  void whereAWorkerIsIsSeenWithoutAProbe() throws PlanException {
    for (FakeHost host : List.of(Kernels.v6_18(root), Kernels.withoutBtf(root))) {
      Plan plan = Kernels.plan(root, host, Kernels.DEBIAN_12);
      assertThat(plan.showsStacks()).isTrue();
      assertThat(attachPoints(plan.stack(Set.of(183, 7)))).isEmpty();
      assertThat(plan.stack(Set.of(183, 7))).contains("profile:hz:49\n/(tid == 7 || tid == 183) /");
    }
  }

  @Test
  void aFolderOfAVersionBeforeTheStacksServes() throws Exception {
    Path scripts = copyOfScripts();
    Files.delete(scripts.resolve("stack.bt"));
    assertThat(Scripts.read(scripts).stack()).isEmpty();
  }

  @Test
  void aHugeScriptIsNotOurs() throws IOException {
    Path scripts = copyOfScripts();
    Files.writeString(scripts.resolve("evidence.bt"), "/".repeat(300_000));
    assertThatThrownBy(() -> Scripts.read(scripts))
        .isInstanceOf(PlanException.class)
        .hasMessageContaining("larger than");
  }

  @Test
  void whereAProfileWouldGetTooFewSamplesTheCaptureGoesWithoutStacks() throws PlanException {
    FakeHost host = Kernels.v6_18(root).file("proc/sys/kernel/perf_event_max_sample_rate", "10\n");
    Plan plan = Kernels.plan(root, host, Kernels.DEBIAN_13);
    assertThat(plan.evidence(Set.of(183))).contains("@peek_ret").doesNotContain("profile:");
    assertThat(plan.showsStacks()).isFalse();
    assertThatThrownBy(() -> plan.stack(Set.of(183))).isInstanceOf(PlanException.class);
    assertThat(plan.measurements())
        .anyMatch(m -> m.what().equals("stack") && m.quality() == Measurement.Quality.NONE);
  }

  @Test
  void stampsOfAHostThatSleptAreOfTheAgentsClock() throws Exception {
    FakeHost host = Kernels.v6_18(root);
    long hour = 3_600_000_000_000L;
    Files.writeString(
        root.resolve("proc/uptime"), (System.nanoTime() + hour) / 1_000_000_000L + ".00 0.00\n");
    Plan plan = Kernels.plan(root, host, Kernels.DEBIAN_13);
    for (String script : List.of(plan.sentinel().orElseThrow(), plan.evidence(Set.of(183)))) {
      Matcher slept = Pattern.compile("nsecs( - ([0-9]+) /\\*slept\\*/)?").matcher(code(script));
      assertThat(slept.results().map(found -> Long.parseLong(found.group(2))))
          .isNotEmpty()
          .allSatisfy(nanos -> assertThat(nanos).isBetween(hour - 60_000_000_000L, hour));
    }
  }

  @Test
  void whatAnOperatorBrokeInAScriptIsSaid() throws IOException {
    String cut = Files.readString(Kernels.scripts().resolve("sentinel.bt"));
    String block = cut.substring(0, cut.indexOf("  $used"));
    for (String text :
        List.of(block, "// needs: magic\nBEGIN\n{\n}\n", "// 0 /*&jiffies*/\n", "// 0 /*num*/\n")) {
      Path scripts = copyOfScripts();
      Files.writeString(scripts.resolve("sentinel.bt"), text);
      FakeHost host = Kernels.v6_18(root);
      assertThatThrownBy(
              () ->
                  Scripts.read(scripts)
                      .sentinel()
                      .fit(
                          new PlanKernel(
                              KernelLayout.read(root),
                              Symbols.read(host.fs(), Planner.SYMBOLS, true),
                              Kernels.DEBIAN_13,
                              true,
                              true,
                              0)))
          .as(text)
          .isInstanceOf(PlanException.class);
    }
  }

  private Path copyOfScripts() throws IOException {
    Path folder = Files.createTempDirectory(root, "scripts");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    for (String name :
        List.of("census.bt", "sentinel.bt", "evidence.bt", "histograms.bt", "stack.bt")) {
      Path file = Files.copy(Kernels.scripts().resolve(name), folder.resolve(name));
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }
    return folder;
  }

  private static List<String> attachPoints(String script) {
    return script
        .lines()
        .filter(line -> line.startsWith("kprobe:") || line.startsWith("kretprobe:"))
        .toList();
  }

  private static String code(String script) {
    return String.join("\n", script.lines().filter(line -> !line.startsWith("//")).toList());
  }
}
