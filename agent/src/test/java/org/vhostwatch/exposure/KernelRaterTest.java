package org.vhostwatch.exposure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.state.StateDirectory;

class KernelRaterTest {

  private static final String RELEASE = "6.1.0-56-cloud-amd64";
  private static final String DOC = "usr/share/doc/linux-image-" + RELEASE + "/changelog.gz";
  private static final Path REAL =
      Path.of("src/test/resources/org/vhostwatch/exposure/debian-6.1.192.changelog");

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path root;

  @SuppressWarnings("NullAway.Init") // set before each test
  private FakeHost host;

  @SuppressWarnings("NullAway.Init") // set before each test
  private StateDirectory state;

  @BeforeEach
  void kernel() {
    state = new StateDirectory(root.resolve("var/lib/vhostwatch"));
    host = new FakeHost(root).file("proc/sys/kernel/random/boot_id", "boot-1\n");
    runs(RELEASE, "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)");
    host.file("sys/module/vhost/srcversion", "AAAA\n").file("sys/module/vhost/taint", "\n");
    host.file("sys/module/vhost_net/srcversion", "BBBB\n");
  }

  private void runs(String release, String version) {
    host.file("proc/sys/kernel/osrelease", release + "\n");
    host.file("proc/sys/kernel/version", version + "\n");
  }

  private KernelExposure rate() throws InterruptedException {
    return new KernelRater(host.fs(), state, Optional.empty()).rate();
  }

  @Test
  void debiansOwnChangelogNamesTheFix() throws Exception {
    host.file(DOC, gzip(Files.readAllBytes(REAL)));
    KernelExposure exposure = rate();
    assertThat(exposure.status()).isEqualTo(Exposure.FIXED);
    assertThat(exposure.reason())
        .isEqualTo(
            "the running package has the fix, /"
                + DOC
                + ", 6.1.192-1: - vhost: fix vhost_get_avail_idx for a non empty ring"
                + " (CVE-2026-74356)");
  }

  @Test
  void aNewerPackageThatIsInstalledAndDoesNotRunDoesNotCount() throws Exception {
    host.file(DOC, gzip(Files.readAllBytes(REAL)));
    runs(RELEASE, "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-01)");
    KernelExposure exposure = rate();
    assertThat(exposure.status()).isEqualTo(Exposure.AFFECTED);
    assertThat(exposure.clues())
        .anyMatch(clue -> clue.text().endsWith("does not name the fix, which alone says nothing"));
  }

  @Test
  void aChangelogWithoutTheRunningVersionSaysNothing() throws Exception {
    host.file(DOC, gzip(Files.readAllBytes(REAL)));
    runs(RELEASE, "#1 SMP PREEMPT_DYNAMIC Debian 6.1.180-7 (2026-06-01)");
    KernelExposure exposure = rate();
    assertThat(exposure.status()).isEqualTo(Exposure.AFFECTED);
    assertThat(exposure.clues())
        .anyMatch(clue -> clue.text().endsWith("has no entry for 6.1.180-7, which runs"));
  }

  @Test
  void ubuntusChangelogIsThatOfItsModules() throws Exception {
    runs("6.8.0-99-generic", "#99-Ubuntu SMP");
    host.file("proc/version_signature", "Ubuntu 6.8.0-99.99-generic 6.8.12\n");
    host.file(
        "usr/share/doc/linux-modules-6.8.0-99-generic/changelog.Debian.gz",
        gzip(
            """
            linux (6.8.0-99.99) noble; urgency=medium

              * CVE-2026-74356
                - vhost: move smp_rmb() into vhost_get_avail_idx()
            """
                .getBytes(StandardCharsets.UTF_8)));
    assertThat(rate().status()).isEqualTo(Exposure.FIXED);
  }

  @Test
  void aFixThatWasTakenOutAgainIsNone() throws Exception {
    host.file(
        DOC,
        gzip(
            """
            linux (6.1.192-2) bookworm; urgency=medium
              * Revert "vhost: fix vhost_get_avail_idx for a non empty ring"
            linux (6.1.192-1) bookworm; urgency=medium
              - vhost: fix vhost_get_avail_idx for a non empty ring (CVE-2026-74356)
            """
                .getBytes(StandardCharsets.UTF_8)));
    assertThat(rate().status()).isEqualTo(Exposure.UNKNOWN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "not gzip at all", "\u001f\u008b\u0008\u0000half"})
  void aDamagedChangelogIsAClueThatSaysNothing(String content) throws Exception {
    host.file(DOC, content.getBytes(StandardCharsets.ISO_8859_1));
    KernelExposure exposure = rate();
    assertThat(exposure.decidedBy()).contains(Clue.Source.VERSION);
    assertThat(exposure.clues()).anyMatch(clue -> clue.text().contains("cannot be read"));
  }

  @Test
  void aBombIsNotUnpackedToItsEnd() throws Exception {
    host.file(DOC, gzip(new byte[200 << 20]));
    KernelExposure exposure = rate();
    assertThat(exposure.decidedBy()).contains(Clue.Source.VERSION);
    assertThat(exposure.clues()).anyMatch(clue -> clue.text().contains("longer than 32 MB"));
  }

  @Test
  void aHugeLineIsCutAndTheNextOneRead() throws Exception {
    String text =
        "linux (6.1.192-2) bookworm; urgency=high\n"
            + "x".repeat(1 << 20)
            + "\n - CVE-2026-74356 "
            + "y".repeat(10_000);
    host.file(DOC, gzip(text.getBytes(StandardCharsets.UTF_8)));
    KernelExposure exposure = rate();
    assertThat(exposure.decidedBy()).contains(Clue.Source.CHANGELOG);
    assertThat(exposure.reason().length()).isLessThan(400);
  }

  @Test
  void aModuleOfAnotherTreeIsSeenByItsTaint() throws Exception {
    host.file("sys/module/vhost/taint", "OE\n");
    assertThat(rate().decidedBy()).contains(Clue.Source.MODULE);
  }

  @Test
  void whoPatchesWithoutShowingWhatMakesAnAffectedKernelUnknown() throws Exception {
    runs("6.18.15", "#1 SMP");
    assertThat(rate().status()).isEqualTo(Exposure.AFFECTED);
    host.directory("sys/module/ksplice_x1y2z3");
    assertThat(rate().status()).isEqualTo(Exposure.UNKNOWN);
    assertThat(rate().reason()).contains("ksplice_x1y2z3");
  }

  @Test
  void ofManySuchPatchesAFewAreNamed() throws Exception {
    runs("6.18.15", "#1 SMP");
    for (int patch = 1; patch <= 6; patch++) {
      host.directory("sys/module/ksplice_" + patch);
    }
    assertThat(rate().reason()).contains("(ksplice_1, ksplice_2, ksplice_3, ksplice_4 and 2 more)");
  }

  @Test
  void anEnabledLivePatchOfVhostIsSeenAndAnotherIsNot() throws Exception {
    runs("6.18.15", "#1 SMP");
    host.file("sys/kernel/livepatch/net_fix/enabled", "1\n")
        .directory("sys/kernel/livepatch/net_fix/vmlinux/tcp_sendmsg,1")
        .file("sys/kernel/livepatch/off/enabled", "0\n")
        .directory("sys/kernel/livepatch/off/vhost/vhost_enable_notify,1");
    assertThat(rate().status()).isEqualTo(Exposure.AFFECTED);
    host.file("sys/kernel/livepatch/fix/enabled", "1\n")
        .file("sys/kernel/livepatch/fix/transition", "0\n")
        .directory("sys/kernel/livepatch/fix/vhost/vhost_get_vq_desc.isra.0,1")
        .directory("sys/kernel/livepatch/fix/vhost/vhost_enable_notify,1");
    KernelExposure exposure = rate();
    assertThat(exposure.status()).isEqualTo(Exposure.UNKNOWN);
    assertThat(exposure.reason())
        .isEqualTo(
            "live patch fix replaces vhost_enable_notify, vhost_get_vq_desc: probably the fix");
  }

  @Test
  void theDrillOfThisBootDecidesUntilSomethingChanges() throws Exception {
    runs("5.14.0-1.el9", "#1 SMP");
    drilled(true);
    assertThat(rate().status()).isEqualTo(Exposure.AFFECTED);
    host.file("sys/module/vhost/srcversion", "CCCC\n");
    assertThat(rate().status()).isEqualTo(Exposure.UNKNOWN);
    assertThat(rate().clues()).anyMatch(clue -> clue.text().contains("does not count any more"));
    host.file("sys/module/vhost/srcversion", "AAAA\n");
    assertThat(rate().status()).isEqualTo(Exposure.AFFECTED);
    host.file("sys/kernel/livepatch/fix/enabled", "1\n")
        .directory("sys/kernel/livepatch/fix/vhost/vhost_enable_notify,1");
    assertThat(rate().status()).isEqualTo(Exposure.UNKNOWN);
    host.remove("sys/kernel/livepatch");
    host.file("sys/kernel/livepatch/net_fix/transition", "1\n");
    assertThat(rate().status()).isEqualTo(Exposure.UNKNOWN);
    assertThat(rate().clues()).anyMatch(clue -> clue.text().contains("is in transition"));
    host.file("sys/kernel/livepatch/net_fix/transition", "0\n");
    assertThat(rate().status()).isEqualTo(Exposure.AFFECTED);
    drilled(false);
    assertThat(rate().status()).isEqualTo(Exposure.FIXED);
    host.file("proc/sys/kernel/random/boot_id", "boot-2\n");
    assertThat(rate().status()).isEqualTo(Exposure.UNKNOWN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{\"schema\":\"vhostwatch.drill-result/1\",\"result\":\"maybe\"}",
        "{\"schema\":\"vhostwatch.drill-result/2\",\"result\":\"spun\"}",
        "{\"schema\":\"vhostwatch.drill-result/1\",\"result\":[\"spun\"]}"
      })
  void aDamagedResultOfADrillIsNoResult(String content) throws Exception {
    state.write(DrillRecord.FILE, content.getBytes(StandardCharsets.UTF_8));
    KernelExposure exposure = rate();
    assertThat(exposure.status()).isEqualTo(Exposure.FIXED);
    assertThat(exposure.decidedBy()).contains(Clue.Source.VERSION);
    assertThat(exposure.clues().get(0).text()).contains("cannot be read");
  }

  @Test
  void anEmptyHostIsUnknown() throws Exception {
    KernelExposure exposure =
        new KernelRater(
                new FakeHost(root.resolve("empty")).fs(),
                new StateDirectory(root.resolve("none")),
                Optional.empty())
            .rate();
    assertThat(exposure.status()).isEqualTo(Exposure.UNKNOWN);
    assertThat(exposure.reason()).isEqualTo("the release names no upstream version");
  }

  private void drilled(boolean spins) throws IOException {
    new DrillRecord(
            KernelIdentity.read(host.fs()), "2026-11-24T15:00:00Z", spins, "worker 7 used 99 % CPU")
        .write(state);
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }
}
