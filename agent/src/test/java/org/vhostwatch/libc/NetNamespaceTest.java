package org.vhostwatch.libc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With a process in a network namespace of its own, where this host lets us make one. */
class NetNamespaceTest {
  private static final Path UNSHARE = Path.of("/usr/bin/unshare");
  private static final Path IP = Path.of("/usr/sbin/ip");
  private static final String TAP = "vwnsown";

  private Process inhabitant;

  @BeforeEach
  void makeANamespaceWithATap() throws IOException {
    assumeThat(System.getProperty("user.name")).isEqualTo("root");
    assumeThat(UNSHARE).isExecutable();
    assumeThat(IP).isExecutable();
    assumeThat(Files.isWritable(Path.of("/dev/net/tun"))).isTrue();
    String script = IP + " tuntap add " + TAP + " mode tap vnet_hdr && echo ready && cat";
    inhabitant = new ProcessBuilder(UNSHARE.toString(), "-n", "/bin/sh", "-c", script).start();
    assumeThat(inhabitant.inputReader().readLine()).isEqualTo("ready");
  }

  @AfterEach
  void endIt() throws InterruptedException {
    if (inhabitant != null) {
      inhabitant.destroyForcibly().waitFor();
    }
  }

  @Test
  void anotherNamespaceHasAnotherInode() throws IOException {
    try (NetNamespace own = NetNamespace.own();
        NetNamespace other = NetNamespace.ofProcess(inhabitant.pid())) {
      assertThat(own.inode()).isEqualTo(NetNamespace.inodeAt(Path.of("/proc/self/ns/net")));
      assertThat(other.inode())
          .isEqualTo(NetNamespace.inodeAt(Path.of("/proc/" + inhabitant.pid() + "/ns/net")))
          .isNotEqualTo(own.inode());
    }
  }

  @Test
  void aSocketBelongsToTheNamespaceAndTheCallerStaysInItsOwn() throws IOException {
    Path mine = Path.of("/proc/thread-self/ns/net");
    long before = NetNamespace.inodeAt(mine);
    try (NetNamespace other = NetNamespace.ofProcess(inhabitant.pid());
        Fd there = other.socket();
        Fd here = Interfaces.socket("test")) {
      assertThat(Interfaces.index(there, TAP)).isPositive();
      assertThat(Ethtool.request(there, TAP, Map.of("tx-generic-segmentation", false)).done())
          .isTrue();
      assertThat(Ethtool.features(there, TAP))
          .contains(new Feature("tx-generic-segmentation", true, false, false, false));
      assertThatThrownBy(() -> Interfaces.index(here, TAP)).isInstanceOf(LibcException.class);
    }
    assertThat(NetNamespace.inodeAt(mine)).isEqualTo(before);
    assertThatThrownBy(() -> Interfaces.index(TAP)).isInstanceOf(LibcException.class);
  }

  @Test
  void theHandleOutlivesTheProcess() throws IOException, InterruptedException {
    try (NetNamespace other = NetNamespace.ofProcess(inhabitant.pid())) {
      inhabitant.destroyForcibly().waitFor();
      try (Fd there = other.socket()) {
        assertThat(Interfaces.index(there, TAP)).isPositive();
      }
    }
  }

  @Test
  void aProcessThatIsGoneIsSaidSo() throws InterruptedException {
    long pid = inhabitant.pid();
    inhabitant.destroyForcibly().waitFor();
    assertThatThrownBy(() -> NetNamespace.ofProcess(pid))
        .isInstanceOf(IOException.class)
        .hasMessage("network namespace of process " + pid + ": there is no such process any more");
  }

  /** As in the packaged service: without the capability; its filter of calls answers the same. */
  @Test
  void whoMayNotEnterIsToldWhatAServiceLacks() throws Exception {
    Path setpriv = Path.of("/usr/bin/setpriv");
    assumeThat(setpriv).isExecutable();
    Process java =
        new ProcessBuilder(
                setpriv.toString(),
                "--bounding-set=-sys_admin",
                "--inh-caps=-sys_admin",
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Entering.class.getName(),
                Long.toString(inhabitant.pid()))
            .redirectErrorStream(true)
            .start();
    String said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(said)
        .contains("network namespace of process " + inhabitant.pid() + ": not permitted to enter")
        .contains("CapabilityBoundingSet=CAP_SYS_ADMIN and RestrictNamespaces=net in a drop-in");
  }

  /** A process that enters the network namespace of another, and says why it cannot. */
  static final class Entering {
    public static void main(String[] arguments) throws IOException {
      try (NetNamespace other = NetNamespace.ofProcess(Long.parseLong(arguments[0]));
          Fd there = other.socket()) {
        System.out.println("entered: " + there);
      } catch (IOException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void aFileThatIsNoNamespaceCannotBeEntered() throws IOException {
    try (NetNamespace none = NetNamespace.at(Path.of("/etc/passwd"))) {
      assertThatThrownBy(none::socket)
          .isInstanceOf(LibcException.class)
          .hasMessageContaining("setns(network namespace /etc/passwd)");
    }
  }
}
