package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VmmIdentityTest {
  private static final String UUID = "3f0b2c1e-1111-4222-8333-0123456789ab";

  private FakeHost host;
  private VmmIdentity identity;

  @BeforeEach
  void aHost(@TempDir Path root) {
    host = new FakeHost(root);
    identity = new VmmIdentity(host.fs());
  }

  @Test
  void readsWhatLibvirtWrites() {
    host.process(
        42,
        "qemu-system-x86",
        777,
        "/usr/bin/qemu-system-x86_64",
        "-name",
        "guest=web-1,debug-threads=on",
        "-S",
        "-uuid",
        UUID);
    assertThat(identity.of(42))
        .contains(
            new Vmm(42, 777, "qemu-system-x86", "web-1", Optional.of(UUID), Optional.empty()));
    assertThat(identity.of(42).orElseThrow().told()).isTrue();
  }

  @Test
  void whatLibvirtHasForkedIsNotItsVmBeforeItIsOne() {
    host.process(42, "rpc-virtqemud", 777, "/usr/sbin/virtqemud", "--timeout", "120");
    assertThat(identity.of(42).orElseThrow().told()).isFalse();
  }

  @Test
  void readsWhatProxmoxWrites() {
    host.process(
        42,
        "kvm",
        777,
        "/usr/bin/kvm",
        "-id",
        "100",
        "-name",
        "web,debug-threads=on",
        "-smbios",
        "type=1,uuid=" + UUID);
    assertThat(identity.of(42))
        .contains(new Vmm(42, 777, "kvm", "web", Optional.of(UUID), Optional.of("100")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-name web                       | web",
        "--name web                      | web",
        "-name web,process=q             | web",
        "-name debug-threads=on,guest=web | web",
        "-name guest=a,,b,,,,c,process=q | a,b,,c",
        "-name a,,b                      | a,b",
        "-name guest=a=b                 | a=b",
        "-name a -name b                 | b",
        "-id 100                         | 100",
        "-id 100 -name web               | web",
        "-name guest=                    | qemu-42",
        "-name debug-threads=on          | qemu-42",
        "-name                           | qemu-42",
        "-nam web                        | qemu-42",
        "-m 1024                         | qemu-42",
      })
  void namesTheVm(String arguments, String name) {
    host.process(42, "qemu", 777, ("qemu " + arguments).split(" "));
    assertThat(identity.of(42)).map(Vmm::name).contains(name);
  }

  @Test
  void aProcessWithoutCommandLineIsNamedAfterItself() {
    host.process(42, "firecracker", 777);
    assertThat(identity.of(42))
        .contains(
            new Vmm(42, 777, "firecracker", "firecracker-42", Optional.empty(), Optional.empty()));
    host.remove("proc/42/cmdline");
    assertThat(identity.of(42)).map(Vmm::name).contains("firecracker-42");
  }

  @Test
  void whatIsNoUuidIsNone() {
    host.process(
        42, "qemu", 777, "qemu", "-uuid", "../../etc/passwd", "-smbios", "type=3,uuid=" + UUID);
    assertThat(identity.of(42)).map(Vmm::uuid).contains(Optional.empty());
  }

  @Test
  void hostileNamesAreKeptRawAndBounded() {
    String hostile = "\u001b[2Jx\n<script>\"'{}\u0007" + "\ud83d\udca3".repeat(1000);
    host.process(42, "qemu", 777, "qemu", "-name", "guest=" + hostile);
    String name = identity.of(42).orElseThrow().name();
    assertThat(name)
        .hasSizeLessThanOrEqualTo(256)
        .startsWith("\u001b[2Jx\n<script>\"'{}\u0007")
        .endsWith("\ud83d\udca3");
  }

  @Test
  void bytesThatAreNoTextDoNoHarm() {
    byte[] line = "qemu\0-name\0guest=a".getBytes(StandardCharsets.US_ASCII);
    line[line.length - 1] = (byte) 0xff;
    host.process(42, "qemu", 777).file("proc/42/cmdline", line);
    assertThat(identity.of(42)).map(Vmm::name).contains("\ufffd");
  }

  @Test
  void aNameThatTheLimitCutInHalfIsNotUsed() {
    String filler = "x".repeat((64 << 10) - "qemu\0-m\0\0-name\0gue".length());
    host.process(42, "qemu", 777, "qemu", "-m", filler, "-name", "guest=web");
    assertThat(identity.of(42)).map(Vmm::name).contains("qemu-42");
  }

  @Test
  void aProcessThatIsGoneHasNoVm() {
    assertThat(identity.of(42)).isEmpty();
    host.file("proc/43/stat", "43 (qe");
    assertThat(identity.of(43)).isEmpty();
  }

  @Test
  void aThreadBelongsToItsProcess() {
    host.process(42, "qemu", 777, "qemu", "-name", "web").worker(42, 50, "vhost-41", 800, 1);
    assertThat(identity.of(new WorkerScanner(host.fs()).scan().get(0)))
        .map(Vmm::name)
        .contains("web");
  }

  @Test
  void aKthreadBelongsToTheProcessOfTheThreadInItsName() {
    host.process(42, "qemu", 777, "qemu", "-name", "web")
        .file("proc/45/status", "Name:\tqemu\nTgid:\t42\n")
        .kthread(60, "vhost-45", 800, 1);
    Worker worker = new WorkerScanner(host.fs()).scan().get(0);
    assertThat(identity.of(worker)).map(Vmm::name).contains("web");

    host.remove("proc/45");
    assertThat(identity.of(worker)).isEmpty();
  }

  @Test
  void withoutItsCommandLineItGoesByItsProcess() {
    host.process(42, "qemu", 777, "qemu", "-name", "web").worker(42, 43, "vhost-42", 778, 5);
    Vmm unnamed = new Vmm(42, 777, "qemu", "qemu-42", Optional.empty(), Optional.empty());
    assertThat(identity.unnamed(42)).contains(unnamed);
    Worker worker = new Worker(43, 42, 778, "vhost-42", Worker.Kind.VMM_THREAD, 'R', 5, 0, 0, 0);
    assertThat(identity.unnamed(worker)).contains(unnamed);
    Worker kthread = new Worker(50, 50, 778, "vhost-42", Worker.Kind.KTHREAD, 'R', 5, 0, 0, 0);
    assertThat(identity.unnamed(kthread)).contains(unnamed);
    assertThat(identity.unnamed(4_242)).isEmpty();
  }
}
