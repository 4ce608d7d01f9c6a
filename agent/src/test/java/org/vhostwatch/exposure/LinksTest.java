package org.vhostwatch.exposure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.exposure.Links.Link;
import org.vhostwatch.host.FakeHost;

class LinksTest {

  private static final String NET = "sys/class/net/";

  @TempDir
  @SuppressWarnings("NullAway.Init") // set by JUnit
  private Path root;

  @SuppressWarnings("NullAway.Init") // set before each test
  private FakeHost host;

  @BeforeEach
  void aBridgeWithTwoTapsAndABondWithAVlanOnIt() throws IOException {
    host = new FakeHost(root);
    host.file(NET + "vnet0/tun_flags", "0x5002\n").file(NET + "vnet1/tun_flags", "0x5102\n");
    host.file(NET + "wg0/tun_flags", "0x1001\n");
    host.file(NET + "vnet0/mtu", "1500\n").file(NET + "vnet0/ifindex", "12\n");
    host.directory(NET + "br0/lower_vnet0").directory(NET + "br0/lower_vnet1");
    host.directory(NET + "br0/lower_bond0.7");
    host.file(NET + "bond0.7/uevent", "DEVTYPE=vlan\nINTERFACE=bond0.7\n");
    host.directory(NET + "bond0.7/lower_bond0").directory(NET + "bond0/bonding");
    host.directory(NET + "bond0/lower_eth0").directory(NET + "bond0/lower_eth1");
    host.directory(NET + "eth0/device").directory(NET + "eth1/device");
    host.directory(NET + "br0/lower_veth9").directory(NET + "veth9");
    Files.createSymbolicLink(root.resolve(NET + "vnet0/master"), Path.of("../br0"));
  }

  @Test
  void uplinksAreTheDevicesThatMergePackets() {
    assertThat(new Links(host.fs()).uplinks("br0", false))
        .containsExactly(
            new Link("eth0", "physical"),
            new Link("eth1", "physical"),
            new Link("veth9", "virtual"));
  }

  @Test
  void aBondWithoutPortsIsItsOwnUplink() {
    host.directory(NET + "br1/lower_bond9").directory(NET + "bond9/bonding");
    assertThat(new Links(host.fs()).uplinks("br1", false))
        .containsExactly(new Link("bond9", "bond"));
  }

  @Test
  void theDeviceBelowAMacvtapIsItsUplink() {
    assertThat(new Links(host.fs()).uplinks("eth0", true))
        .containsExactly(new Link("eth0", "physical"));
  }

  @Test
  void devicesThatPointAtEachOtherDoNotGoOnForEver() {
    host.directory(NET + "br2/lower_a").directory(NET + "a/lower_b").directory(NET + "b/lower_a");
    assertThat(new Links(host.fs()).uplinks("br2", false)).hasSizeLessThan(3);
  }

  @Test
  void tapsAreKnownByTheirFlagsAndHaveMasterIndexAndMtu() {
    Links links = new Links(host.fs());
    assertThat(links.taps()).containsExactly("vnet0", "vnet1");
    assertThat(links.master("vnet0")).isEqualTo("br0");
    assertThat(links.master("vnet1")).isEmpty();
    assertThat(links.index("vnet0")).isEqualTo(12);
    assertThat(links.mtu("vnet0")).isEqualTo(1500);
    assertThat(links.mtu("gone")).isZero();
  }

  @Test
  void aNameThatIsAPathIsNoDevice() {
    host.file("sys/class/mtu", "77\n");
    Links links = new Links(host.fs());
    assertThat(links.mtu("..")).isZero();
    assertThat(links.uplinks("../net/br0", false)).isEmpty();
  }
}
