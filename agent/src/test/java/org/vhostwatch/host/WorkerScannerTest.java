package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerScannerTest {
  private FakeHost host;
  private WorkerScanner scanner;

  @BeforeEach
  void aHost(@TempDir Path root) {
    host = new FakeHost(root);
    host.process(1, "systemd", 5)
        .kthread(2, "kthreadd", 6, 10)
        .file("proc/meminfo", "")
        .directory("proc/sys");
    scanner = new WorkerScanner(host.fs());
  }

  @Test
  void findsThreadsOfTheVmm() {
    host.process(500, "qemu-system-x86", 100)
        .thread(500, 501, "CPU 0/KVM", FakeHost.PROCESS, 101, 9)
        .worker(500, 502, "vhost-500", 102, 40);
    assertThat(scanner.scan())
        .containsExactly(
            new Worker(502, 500, 102, "vhost-500", Worker.Kind.VMM_THREAD, 'R', 40, -1, 3, -5));
  }

  @Test
  void findsKthreads() {
    host.process(500, "qemu-system-x86", 100).kthread(510, "vhost-500", 110, 8);
    assertThat(scanner.scan())
        .containsExactly(
            new Worker(510, 510, 110, "vhost-500", Worker.Kind.KTHREAD, 'R', 8, -1, 3, -5));
  }

  @Test
  void readsHowLongAWorkerWaitedForItsCpu() {
    host.process(500, "qemu-system-x86", 100)
        .worker(500, 502, "vhost-500", 102, 40)
        .file("proc/500/task/502/schedstat", "400000000 77000123 912\n");
    assertThat(scanner.scan()).extracting(Worker::waitedNanos).containsExactly(77_000_123L);
    for (String odd : List.of("", "4", "4 ", "4 77", "4 x 9", "-1 -1 9", "400 77\n")) {
      host.file("proc/500/task/502/schedstat", odd);
      assertThat(scanner.scan())
          .as("of '%s'", odd)
          .extracting(Worker::waitedNanos)
          .containsExactly(Worker.UNKNOWN);
    }
  }

  @Test
  void anEmptyOrMissingProcHasNoWorkers(@TempDir Path empty) {
    assertThat(scanner.scan()).isEmpty();
    assertThat(new WorkerScanner(new ProcFs(empty)).scan()).isEmpty();
  }

  @Test
  void aThreadThatOnlyHasTheNameIsNone() {
    host.process(600, "vhost-1", 100).thread(600, 601, "vhost-600", FakeHost.PROCESS, 101, 9);
    assertThat(scanner.scan()).isEmpty();
  }

  @Test
  void aWorkerOfIoUringThatWasRenamedIsNone() {
    // The flags as 6.18.44 shows them for iou-wrk.
    host.process(600, "qemu", 100).thread(600, 601, "vhost-600", 0x00404050, 101, 9);
    assertThat(scanner.scan()).isEmpty();
  }

  @Test
  void otherNamesAreNone() {
    host.process(600, "qemu", 100);
    int tid = 601;
    for (String comm :
        List.of(
            "vhost-",
            "vhost-a",
            "vhost-1x",
            "vhost_net",
            "iou-wrk-600",
            "vhost--1",
            "vhost-1234567890",
            " vhost-1",
            "vhost-0")) {
      host.worker(600, tid++, comm, 101, 1);
    }
    host.kthread(700, "vhost-worker", 1, 1);
    assertThat(scanner.scan()).isEmpty();
  }

  @Test
  void aNameWithParenthesesDoesNotHideTheProcess() {
    host.process(600, "x) R 2 0 (", 100).worker(600, 601, "vhost-600", 101, 1);
    assertThat(scanner.scan()).extracting(Worker::tid).containsExactly(601);
  }

  @Test
  void aProcessThatVanishesHalfWayIsLeftOut() {
    host.process(600, "qemu", 100)
        .directory("proc/700")
        .directory("proc/800/task/801")
        .file("proc/900/task/900/stat", "900 (qe");
    host.worker(600, 601, "vhost-600", 101, 1)
        .directory("proc/600/task/602")
        .file("proc/600/task/603/stat", "");
    assertThat(scanner.scan()).extracting(Worker::tid).containsExactly(601);
  }

  @Test
  void aLaterScanSeesWhatCameAndWent() {
    host.process(600, "qemu", 100)
        .worker(600, 601, "vhost-600", 101, 1)
        .kthread(610, "vhost-600", 102, 1)
        .kthread(611, "kswapd0", 1, 1);
    assertThat(scanner.scan()).extracting(Worker::tid).containsExactly(601, 610);

    host.worker(600, 602, "vhost-600", 201, 1)
        .process(700, "qemu", 202)
        .worker(700, 701, "vhost-700", 203, 1);
    assertThat(scanner.scan()).extracting(Worker::tid).containsExactly(601, 602, 610, 701);

    host.remove("proc/600").remove("proc/610");
    assertThat(scanner.scan()).extracting(Worker::tid).containsExactly(701);
  }

  @Test
  void threadsKnownToBeNoneAreNotReadAgainUntilAllIsForgotten() {
    host.process(600, "qemu", 100).thread(600, 601, "worker", FakeHost.PROCESS, 101, 1);
    scanner.scan();

    host.worker(600, 601, "vhost-600", 900, 1);

    int scans = 1;
    while (scanner.scan().isEmpty()) {
      scans++;
      assertThat(scans).isLessThan(100);
    }
    assertThat(scans).isEqualTo(30);
  }

  @Test
  void aScanForOwnersLooksAgainOnlyWhereAWorkerMayBe() {
    host.process(600, "qemu", 100)
        .worker(600, 601, "vhost-600", 101, 1)
        .process(700, "postgres", 100)
        .process(800, "qemu", 100);
    assertThat(scanner.scan(Set.of())).extracting(Worker::tid).containsExactly(601);
    assertThat(scanner.scan(Set.of())).extracting(Worker::tid).containsExactly(601);

    host.worker(600, 602, "vhost-600", 200, 1)
        .worker(700, 701, "vhost-700", 200, 1)
        .worker(800, 801, "vhost-800", 200, 1)
        .process(900, "qemu", 200);
    assertThat(scanner.scan(Set.of(800)))
        .as("of who had one, and of who has a vhost file open")
        .extracting(Worker::tid)
        .containsExactly(601, 602, 801);

    host.worker(900, 901, "vhost-900", 201, 1);
    assertThat(scanner.scan(Set.of()))
        .as("of a new process, though it had none at first")
        .extracting(Worker::tid)
        .containsExactly(601, 602, 801, 901);
    assertThat(scanner.scan())
        .as("of all")
        .extracting(Worker::tid)
        .containsExactly(601, 602, 701, 801, 901);
  }

  @Test
  void everyFourthScanForOwnersLooksEverywhere() {
    host.process(700, "postgres", 100);
    scanner.scan(Set.of());
    scanner.scan(Set.of());
    host.worker(700, 701, "vhost-700", 200, 1);
    for (int i = 2; i < 4; i++) {
      assertThat(scanner.scan(Set.of())).as("scan %d", i).isEmpty();
    }
    assertThat(scanner.scan(Set.of())).extracting(Worker::tid).containsExactly(701);
  }

  @Test
  void refreshReadsTheCpuTimeAnew() {
    host.process(600, "qemu", 100)
        .worker(600, 601, "vhost-600", 101, 100)
        .kthread(610, "vhost-600", 102, 50);
    List<Worker> before = scanner.scan();

    host.worker(600, 601, "vhost-600", 101, 200).kthread(610, "vhost-600", 102, 60);

    assertThat(scanner.refresh(before)).extracting(Worker::cpuTicks).containsExactly(200L, 60L);
  }

  @Test
  void refreshDropsWorkersThatWentOrWhoseIdIsAnothersNow() {
    host.process(600, "qemu", 100)
        .worker(600, 601, "vhost-600", 101, 1)
        .worker(600, 602, "vhost-600", 102, 1)
        .worker(600, 603, "vhost-600", 103, 1);
    List<Worker> before = scanner.scan();

    host.remove("proc/600/task/601").worker(600, 602, "vhost-600", 999, 1);

    assertThat(scanner.refresh(before))
        .extracting(Worker::id)
        .containsExactly(new WorkerId(603, 103));
  }

  @Test
  void theNameTellsTheOwner() {
    host.process(600, "qemu", 100).worker(600, 601, "vhost-599", 101, 1);
    assertThat(scanner.scan().get(0).ownerTid()).hasValue(599);
    assertThat(new Worker(1, 1, 1, "other", Worker.Kind.KTHREAD, 'S', 0, 0, 0, 0).ownerTid())
        .isEmpty();
  }
}
