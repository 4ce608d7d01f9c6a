package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VmmFilesTest {

  private static final String TUN = "/dev/net/tun";
  private static final String VHOST = "/dev/vhost-net";

  private final Path root;
  private final FakeHost host;

  VmmFilesTest(@TempDir Path root) {
    this.root = root;
    this.host = new FakeHost(root);
  }

  @BeforeEach
  void oneNamespaceAndABridge() throws IOException {
    host.link("proc/self/ns/net", "net:[4026531833]");
    host.link("proc/42/ns/net", "net:[4026531833]");
    host.process(42, "qemu-kvm", 980);
    host.file("sys/class/net/vnet0/ifindex", "7\n").file("sys/class/net/vnet1/ifindex", "8\n");
    host.link("sys/class/net/vnet0/master", "../../virbr0");
  }

  private void files(String... targets) throws IOException {
    for (int fd = 0; fd < targets.length; fd++) {
      String[] parts = targets[fd].split(" ", 2);
      host.link("proc/42/fd/" + (fd + 10), parts[0]);
      if (parts.length > 1) {
        host.file("proc/42/fdinfo/" + (fd + 10), "pos:\t0\nflags:\t02\niff:\t" + parts[1] + "\n");
      }
    }
  }

  private static List<Worker> workers(int count) {
    List<Worker> workers = new ArrayList<>();
    for (int i = count - 1; i >= 0; i--) {
      workers.add(
          new Worker(50 + i, 42, 1_000, "vhost-42", Worker.Kind.VMM_THREAD, 'S', 0, 0, 0, 0));
    }
    return workers;
  }

  /** One a start, the first with thread id 50. */
  private Map<WorkerId, TapPort> portsOfStarts(long... starts) {
    List<Worker> workers = new ArrayList<>();
    for (int i = 0; i < starts.length; i++) {
      workers.add(
          new Worker(50 + i, 42, starts[i], "vhost-42", Worker.Kind.VMM_THREAD, 'S', 0, 0, 0, 0));
    }
    return new VmmFiles(host.fs()).ports(42, workers);
  }

  private Map<WorkerId, TapPort> ports(int workers) {
    return new VmmFiles(host.fs()).ports(42, workers(workers));
  }

  private static WorkerId worker(int tid) {
    return new WorkerId(tid, 1_000);
  }

  /** The first worker that of vnet0, the second that of vnet1. */
  private static final Map<WorkerId, TapPort> EACH_ITS_TAP =
      Map.of(
          worker(50), new TapPort("vnet0", 7, "virbr0", 4026531833L, 0, false),
          worker(51), new TapPort("vnet1", 8, "", 4026531833L, 0, false));

  @Test
  void aWorkerServesTheTapBeforeItsFile() throws IOException {
    files("pipe:[1]", TUN + " vnet0", VHOST, TUN + " vnet1", VHOST);
    assertThat(ports(2)).containsExactlyInAnyOrderEntriesOf(EACH_ITS_TAP);
  }

  @Test
  void aWorkerOfAnotherDeviceHasNoTap() throws IOException {
    files(TUN + " vnet0", VHOST, "/dev/vhost-vsock");
    assertThat(ports(2)).containsOnlyKeys(worker(50));
  }

  @Test
  void vsockGetsItsWorkerLastThoughItsFileWasOpenedFirst() throws IOException {
    files("/dev/vhost-vsock", TUN + " vnet0", VHOST, TUN + " vnet1", VHOST);
    assertThat(ports(3)).containsExactlyInAnyOrderEntriesOf(EACH_ITS_TAP);
  }

  @ParameterizedTest
  @CsvSource({
    "980, 980, 2",
    "1780, 1980, 2",
    "980, 1181, 0", // the second came two seconds after the first
    "1981, 1981, 0", // both came ten seconds after the VM
    "979, 980, 0" // one is older than the VM: it is another VM's
  })
  void ofSeveralNicsThatMayHaveBeenPluggedInNothingIsSaid(long one, long other, int known)
      throws IOException {
    files(TUN + " vnet0", VHOST, TUN + " vnet1", VHOST);
    assertThat(portsOfStarts(one, other)).hasSize(known);
  }

  @Test
  void ofOneNicThatMayHaveBeenPluggedInBesideVsockNothingIsSaid() throws IOException {
    files("/dev/vhost-vsock", TUN + " vnet0", VHOST);
    assertThat(portsOfStarts(1_000, 9_000)).isEmpty();
  }

  @Test
  void ofOneNicItDoesNotMatterWhenItWasPluggedIn() throws IOException {
    files(TUN + " vnet0", TUN + " vnet0", VHOST, VHOST);
    TapPort first = new TapPort("vnet0", 7, "virbr0", 4026531833L, 0, false);
    assertThat(portsOfStarts(9_000, 9_500))
        .containsOnly(
            Map.entry(new WorkerId(50, 9_000), first),
            Map.entry(new WorkerId(51, 9_500), first.inferred(1)));
  }

  @Test
  void ofSeveralNicsOfAVmThatIsGoneNothingIsSaid() throws IOException {
    files(TUN + " vnet0", VHOST, TUN + " vnet1", VHOST);
    host.remove("proc/42/stat");
    assertThat(ports(2)).isEmpty();
  }

  @Test
  void theKindsOfVhostDevicesAreListedOnce() throws IOException {
    files(TUN + " vnet0", VHOST, "/dev/vhost-vsock", VHOST, "/dev/vhost-x; reboot");
    assertThat(new VmmFiles(host.fs()).devices(42)).containsExactly("vhost-net", "vhost-vsock");
    assertThat(new VmmFiles(host.fs()).devices(43)).isEmpty();
  }

  @Test
  void nothingIsSaidWhenWorkersAndFilesDoNotMatch() throws IOException {
    files(TUN + " vnet0", VHOST);
    assertThat(ports(2)).isEmpty();
    assertThat(ports(0)).isEmpty();
  }

  @Test
  void aTapOfAnotherNamespaceHasNoIndexOfOurs() throws IOException {
    Files.delete(root.resolve("proc/42/ns/net"));
    host.link("proc/42/ns/net", "net:[4026532999]");
    files(TUN + " vnet0", VHOST);
    assertThat(ports(1).get(worker(50)))
        .isEqualTo(new TapPort("vnet0", 0, "", 4026532999L, 0, false));
  }

  @Test
  void aMacvtapIsFoundByItsIndex() throws IOException {
    files("/dev/tap8", VHOST);
    assertThat(ports(1).get(worker(50)))
        .isEqualTo(new TapPort("vnet1", 8, "", 4026531833L, 0, false));
  }

  @Test
  void aTapThatIsNotAttachedOrHasAnImpossibleNameIsNotKnown() throws IOException {
    files(TUN, VHOST, TUN + " ../../etc", VHOST);
    assertThat(ports(2).values()).extracting(TapPort::ifindex).containsOnly(0);
    assertThat(ports(2)).doesNotContainKey(worker(50));
  }
}
