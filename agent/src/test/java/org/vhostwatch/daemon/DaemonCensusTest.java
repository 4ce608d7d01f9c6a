package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.incident.Transcript;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.notify.Notices;
import org.vhostwatch.probe.Census;
import org.vhostwatch.probe.CensusQueue;

/** A census takes its time, and VMs come and go meanwhile. */
class DaemonCensusTest {

  private static final long SECOND = 1_000_000_000L;

  private FakeHost host;
  private Daemon daemon;
  private long now = System.nanoTime();

  @BeforeEach
  void start(@TempDir Path folder) {
    Path root = folder.resolve("root");
    host = new FakeHost(root);
    vm(100);
    vm(200);
    daemon = new Daemon(TestOptions.of(root, folder), LogRing.attach(), Notices.NONE);
    cycle();
  }

  @AfterEach
  void stop() {
    daemon.close();
  }

  @Test
  void whatItReadOfAVmThatIsGoneSinceIsNotShown() {
    host.remove("proc/200");
    cycle();
    counted(100, 200);
    assertThat(taps()).containsExactly("tap100");
  }

  @Test
  void aVmThatEndsAfterItHasNoQueueAtTheNextLook() {
    vm(300);
    counted(100, 200, 300);
    assertThat(taps()).containsExactly("tap100", "tap200", "tap300");
    host.remove("proc/300");
    cycle();
    assertThat(taps()).containsExactly("tap100", "tap200");
  }

  @Test
  void processesThatAreNumberedOtherwiseThanInProcAreNotTakenForGone() {
    counted(7100, 7200);
    assertThat(taps()).containsExactly("tap7100", "tap7200");
  }

  private void vm(int pid) {
    host.process(pid, "qemu", 10, "qemu").worker(pid, pid + 5, "vhost-" + pid, 11, 0);
  }

  private void cycle() {
    now += SECOND;
    daemon.cycle(now);
  }

  private void counted(int... pids) {
    List<CensusQueue> queues = Arrays.stream(pids).mapToObj(DaemonCensusTest::queue).toList();
    daemon.take(new Incoming.Counted(new Census(queues, 0), Transcript.ofCensus(now)), now);
    cycle();
  }

  private Stream<String> taps() {
    return daemon.snapshot().queues().stream().map(queue -> queue.tap()).sorted();
  }

  private static CensusQueue queue(int pid) {
    return new CensusQueue(
        0xffff888000000000L + 0x10000L * pid,
        pid,
        20,
        pid,
        pid + 5,
        256,
        100,
        100,
        100,
        7,
        0x100008000L,
        0,
        CensusQueue.Backend.TUN,
        0,
        0,
        0,
        new TapPort("tap" + pid, pid, "br0", 4026531833L, 0, true));
  }
}
