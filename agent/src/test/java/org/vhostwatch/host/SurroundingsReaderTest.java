package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class SurroundingsReaderTest {
  private static final String HEADER =
      """
      Inter-|   Receive                            |  Transmit
       face |bytes    packets errs drop fifo frame |bytes    packets errs drop
      """;
  private static final SurroundingsReader.Target TARGET =
      new SurroundingsReader.Target(0xabcL, 43, 42, 42, "vnet0", 0);

  private final FakeHost host;
  private final SurroundingsReader reader;

  SurroundingsReaderTest(@TempDir Path root) {
    this.host = new FakeHost(root);
    this.reader = new SurroundingsReader(host.fs(), 1);
  }

  @BeforeEach
  void aVmAndItsNeighbours() {
    host.process(42, "qemu", 777, "qemu")
        .worker(42, 43, "vhost-42", 778, 100)
        .thread(42, 44, "CPU 0/KVM", FakeHost.PROCESS, 779, 100)
        .process(50, "stress", 800)
        .thread(50, 50, "stress ) \u001b[31m", FakeHost.PROCESS, 800, 100)
        .thread(50, 51, "idle", FakeHost.PROCESS, 801, 100);
    counters(10, 5, 0);
    host.file("proc/42/task/43/schedstat", "1000000000 1000 7\n");
    host.file("proc/42/task/43/status", "Name:\tvhost-42\nCpus_allowed_list:\t0-3,8\n");
  }

  @Test
  void saysWhoElseUsesTheCpu() {
    SurroundingsReader.Beginning beginning = reader.begin(List.of(TARGET));
    host.thread(50, 50, "stress ) \u001b[31m", FakeHost.PROCESS, 800, 140);
    host.thread(42, 44, "CPU 0/KVM", FakeHost.PROCESS, 779, 110);
    // Another thread with an old one's id used nothing yet.
    host.thread(50, 51, "new", FakeHost.PROCESS, 999, 500);
    Surroundings seen = only(reader.end(beginning));
    assertThat(seen.vq()).isEqualTo(0xabcL);
    assertThat(seen.onCpu()).extracting(Surroundings.Runner::tid).containsExactly(50, 44);
    assertThat(seen.onCpu().get(0).comm()).as("raw").isEqualTo("stress ) \u001b[31m");
    assertThat(seen.onCpu().get(0).pid()).isEqualTo(50);
    assertThat(seen.vmm().orElseThrow().hottest().orElseThrow().tid()).isEqualTo(44);
    assertThat(seen.cpuCut()).isFalse();
    assertThat(seen.troubles()).isEmpty();
    Surroundings.Scheduling worker = seen.worker().orElseThrow();
    assertThat(worker.cpu()).isEqualTo(3);
    assertThat(worker.allowed()).isEqualTo("0-3,8");
    assertThat(worker.nice()).isEqualTo(-5);
    assertThat(worker.waitedPermille()).isZero();
  }

  @Test
  void threadsOfThisProgramAreToldAsSuch() {
    SurroundingsReader own = new SurroundingsReader(host.fs(), 50);
    SurroundingsReader.Beginning beginning = own.begin(List.of(TARGET));
    host.thread(50, 51, "capture", FakeHost.PROCESS, 801, 140);
    host.thread(42, 44, "CPU 0/KVM", FakeHost.PROCESS, 779, 110);
    assertThat(only(own.end(beginning)).onCpu())
        .extracting(Surroundings.Runner::comm)
        .containsExactly("vhostwatch/capture", "CPU 0/KVM");
  }

  @Test
  void atMostFiveOthersAreNamed() {
    for (int tid = 100; tid < 120; tid++) {
      host.thread(50, tid, "t" + tid, FakeHost.PROCESS, 800, 100);
    }
    SurroundingsReader.Beginning beginning = reader.begin(List.of(TARGET));
    for (int tid = 100; tid < 120; tid++) {
      host.thread(50, tid, "t" + tid, FakeHost.PROCESS, 800, 100 + tid);
    }
    assertThat(only(reader.end(beginning)).onCpu())
        .hasSize(5)
        .isSortedAccordingTo((a, b) -> b.permille() - a.permille());
  }

  @Test
  void tapCountersAreComparedOverTime() {
    SurroundingsReader.Beginning beginning = reader.begin(List.of(TARGET));
    counters(10, 5, 812);
    Surroundings.TapCounters tap = only(reader.end(beginning)).tap().orElseThrow();
    assertThat(tap.flow()).isEqualTo(Surroundings.TapCounters.Flow.DROPPING);
    assertThat(tap).isEqualTo(new Surroundings.TapCounters("vnet0", 5, 812, 0, 812, 0));
    counters(12, 9, 812);
    tap = only(reader.end(beginning)).tap().orElseThrow();
    assertThat(tap.flow()).isEqualTo(Surroundings.TapCounters.Flow.MOVING);
    assertThat(tap.rxPacketsMore()).isEqualTo(2);
  }

  @Test
  void aTapOfThatNameInAnotherNamespaceIsNotIt() throws Exception {
    host.link("proc/42/ns/net", "net:[7]");
    for (long netns : new long[] {7, 8}) {
      SurroundingsReader.Target target =
          new SurroundingsReader.Target(1, 43, 42, 42, "vnet0", netns);
      Surroundings seen = only(reader.end(reader.begin(List.of(target))));
      assertThat(seen.tap().isPresent()).isEqualTo(netns == 7);
      assertThat(seen.troubles()).hasSize(netns == 7 ? 0 : 1);
    }
  }

  @Test
  void aTapBehindThousandsOfOthersIsFound() {
    host.file("proc/42/net/dev", devices(20_000) + "vnet0: 1 2 0 0 0 0 0 0 1 5 0 0 0 0 0 0\n");
    Surroundings seen = only(reader.end(reader.begin(List.of(TARGET))));
    assertThat(seen.tap()).map(Surroundings.TapCounters::txPackets).contains(5L);
    assertThat(seen.troubles()).isEmpty();
  }

  @Test
  void ofAListThatIsCutItIsNotSaidWhatIsNotInIt() {
    host.file("proc/42/net/dev", devices(50_000) + "vnet0: 1 2 0 0 0 0 0 0 1 5 0 0 0 0 0 0\n");
    Surroundings seen = only(reader.end(reader.begin(List.of(TARGET))));
    assertThat(seen.tap()).isEmpty();
    assertThat(seen.troubles())
        .containsExactly(
            "tap vnet0: not among the devices that were read: there are more than fit into 4 MiB");
  }

  @Test
  void saysWhereTheVmmHangs() {
    state(42, 'D');
    host.file("proc/42/task/42/wchan", "__vhost_worker_flush");
    host.file(
        "proc/42/task/42/stack",
        "[<0>] __vhost_worker_flush+0x8e/0x110 [vhost]\n[<0>] vhost_dev_flush+0x1f/0x40 [vhost]\n");
    Surroundings.VmmState vmm = only(reader.end(reader.begin(List.of(TARGET)))).vmm().orElseThrow();
    assertThat(vmm.state()).isEqualTo('D');
    assertThat(vmm.uninterruptible()).isEqualTo(1);
    assertThat(vmm.waitsForVhost()).isTrue();
    assertThat(vmm.waiting().get(0).stack())
        .containsExactly(
            "__vhost_worker_flush+0x8e/0x110 [vhost]", "vhost_dev_flush+0x1f/0x40 [vhost]");
    assertThat(vmm.waiting().get(0).inStorage()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "qemu,      vhost_net_ioctl, vhost_net_ioctl+0x1f/0x40, true",
    "qemu,      vhost_dev_flush, '', true",
    "qemu,      io_schedule,     vhost_vring_ioctl+0x1f/0x40, false",
    "qemu,      kthread_stop,    vhost_dev_cleanup+0x1f/0x40, true",
    "qemu,      kthread_stop,    loop_exit+0x1f/0x40, false",
    "qemu,      '',              vhost_dev_flush+0x1f/0x40, true",
    "qemu,      synchronize_rcu, vhost_net_release+0x1f/0x40, false",
    "qemu,      vhost_worker_flush, vhost_worker_flush+0xc5/0x100 [vhost], true",
    "qemu,      memory_access_ok, memory_access_ok+0x1f/0x40 [vhost], true",
    "qemu,      vhost_net_ubuf_put_wait_and_free, vhost_net_ioctl+0x1f/0x40, false",
    "vhost-42,  vhost_net_buf_peek, '', false",
    "renamed,   vhost_net_buf_peek, vhost_run_work_list+0x1f/0x40, false",
    "qemu,      futex_wait,      do_futex+0x1f/0x40, false"
  })
  void tellsWhoWaitsForAWorker(String comm, String wchan, String frame, boolean waits) {
    List<String> stack = frame.isEmpty() ? List.of() : List.of(frame);
    assertThat(new Surroundings.Waiting(44, comm, wchan, stack).forVhost()).isEqualTo(waits);
  }

  @Test
  void tellsStorageByItsStack() {
    state(44, 'D');
    host.file("proc/42/task/44/wchan", "io_schedule");
    Surroundings.VmmState vmm = only(reader.end(reader.begin(List.of(TARGET)))).vmm().orElseThrow();
    assertThat(vmm.waiting().get(0).inStorage()).isTrue();
    assertThat(vmm.waitsForVhost()).isFalse();
    assertThat(vmm.state()).isEqualTo('R');
  }

  @Test
  void tellsAStoppedAndAFrozenVmm() {
    state(42, 'T');
    state(44, 'T');
    host.file("proc/42/cgroup", "0::/machine/vm\n");
    host.file("sys/fs/cgroup/machine/vm/cgroup.events", "populated 1\nfrozen 1\n");
    Surroundings.VmmState vmm = only(reader.end(reader.begin(List.of(TARGET)))).vmm().orElseThrow();
    assertThat(vmm.stopped()).isEqualTo(2);
    assertThat(vmm.frozen()).contains(true);
    host.file("proc/42/cgroup", "0::/../../../etc\n");
    vmm = only(reader.end(reader.begin(List.of(TARGET)))).vmm().orElseThrow();
    assertThat(vmm.frozen()).as("a path that leaves the tree").isEmpty();
  }

  @Test
  void aVmThatVanishesMidwayIsNoError() {
    SurroundingsReader.Beginning beginning = reader.begin(List.of(TARGET));
    host.remove("proc/42");
    Surroundings seen = only(reader.end(beginning));
    assertThat(seen.worker()).isEmpty();
    assertThat(seen.vmm()).isEmpty();
    assertThat(seen.tap()).isEmpty();
    assertThat(seen.onCpu()).isEmpty();
  }

  @Test
  void aReadThatHangsIsLeftOut() throws Exception {
    state(42, 'D');
    Path stack = host.fifo("proc/42/task/42/stack");
    Surroundings seen = only(reader.end(reader.begin(List.of(TARGET))));
    assertThat(seen.vmm()).isEmpty();
    assertThat(seen.tap()).as("the rest is there").isPresent();
    assertThat(seen.troubles()).anyMatch(trouble -> trouble.startsWith("vmm of 42: did not"));
    assertThat(only(reader.end(reader.begin(List.of(TARGET)))).troubles())
        .anyMatch(trouble -> trouble.startsWith("vmm of 42: has not answered"));
    new FileOutputStream(stack.toFile()).close();
  }

  private void state(int tid, char state) {
    host.file(
        "proc/42/task/" + tid + "/stat",
        FakeHost.stat(tid, "any", FakeHost.PROCESS, 777, 100).replace(") R ", ") " + state + " "));
  }

  private void counters(long rx, long tx, long dropped) {
    host.file(
        "proc/42/net/dev",
        HEADER
            + "    lo: 1 999 0 0 0 0 0 0 1 999 0 0 0 0 0 0\n"
            + "vnet01: 1 888 0 0 0 0 0 0 1 888 0 0 0 0 0 0\n"
            + " vnet0:12345 "
            + rx
            + " 0 0 0 0 0 0 54321 "
            + tx
            + " 0 "
            + dropped
            + " 0 0 0 0\n");
  }

  /** As long as in the kernel's list, where a device has 130 bytes or more. */
  private static String devices(int count) {
    StringBuilder text = new StringBuilder(HEADER);
    for (int i = 0; i < count; i++) {
      text.append(String.format(Locale.ROOT, "tap%05d: %s%n", i, "1234567 ".repeat(16).strip()));
    }
    return text.toString();
  }

  private static Surroundings only(List<Surroundings> all) {
    assertThat(all).hasSize(1);
    return all.get(0);
  }
}
