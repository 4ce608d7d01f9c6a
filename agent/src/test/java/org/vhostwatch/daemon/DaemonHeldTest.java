package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.notify.Notices;
import org.vhostwatch.snapshot.QueueStatus;

/**
 * Files of a VMM block whoever opens them: its command line because it hangs, the description of
 * its tap because somebody holds the kernel's network lock (rtnl). There is no census: of a tap
 * nothing else tells.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DaemonHeldTest {

  private static final long SECOND = 1_000_000_000L;
  private static final String VQ = "18446612682182951104";

  /** Several times what the loop waits for all such files together. */
  private static final Duration SHORTLY = Duration.ofSeconds(3);

  private final Path root;
  private final FakeHost host;
  private final Daemon daemon;
  private long now = System.nanoTime();
  private int seconds;

  DaemonHeldTest(@TempDir Path folder) {
    this.root = folder.resolve("root");
    this.host = new FakeHost(root);
    this.daemon = new Daemon(TestOptions.of(root, folder), LogRing.attach(), Notices.NONE);
  }

  @BeforeEach
  void aVmWhoseFilesBlock() throws Exception {
    host.process(100, "qemu", 10).file("sys/class/net/vnet0/ifindex", "7\n");
    host.link("proc/self/ns/net", "net:[4026531833]");
    host.link("proc/100/ns/net", "net:[4026531833]");
    host.link("proc/100/fd/10", "/dev/net/tun");
    host.link("proc/100/fd/11", "/dev/vhost-net");
    host.fifo("proc/100/cmdline");
    host.fifo("proc/100/fdinfo/10");
    daemon.take(new Incoming.Attached(1, true), now);
  }

  @AfterEach
  void stop() {
    daemon.close();
  }

  @Test
  void aSpinIsSeenMeanwhileAndNamesComeWhenTheyCan() throws Exception {
    for (int i = 0; i < 20; i++) {
      long began = System.nanoTime();
      cycle();
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(SHORTLY);
    }
    QueueStatus queue = queue();
    assertThat(queue.verdict().verdict()).isIn(Verdict.SPINNING, Verdict.LIVELOCKED);
    assertThat(queue.vm()).as("by the process' own name").isEqualTo("qemu-100");
    assertThat(queue.tap()).isEmpty();
    Files.writeString(root.resolve("proc/100/cmdline"), "qemu\0-name\0guest=web01\0");
    Files.writeString(root.resolve("proc/100/fdinfo/10"), "pos:\t0\niff:\tvnet0\n");
    await()
        .untilAsserted(
            () -> {
              cycle();
              assertThat(queue().vm()).isEqualTo("web01");
              assertThat(queue().tap()).isEqualTo("vnet0");
            });
  }

  private QueueStatus queue() {
    List<QueueStatus> queues = daemon.snapshot().queues();
    assertThat(queues).hasSize(1);
    return queues.get(0);
  }

  /** One second of a worker that spins. */
  private void cycle() {
    now += SECOND;
    seconds++;
    host.worker(100, 105, "vhost-100", 11, 100L * seconds);
    say("tick " + now);
    map("passes", 500_000L * seconds);
    map("worker", 105);
    map("episodes", 1);
    map("spun", SECOND * seconds);
    map("start", now - SECOND * seconds);
    map("seen", now);
    map("num", 256);
    map("used", 100);
    map("avail", 100);
    map("last", 100);
    map("back", 4);
    say("end " + now);
    daemon.cycle(now);
  }

  private void say(String text) {
    line("{\"type\": \"printf\", \"data\": \"" + text + "\\n\"}");
  }

  private void map(String name, long value) {
    line("{\"type\": \"map\", \"data\": {\"@%s\": {\"%s\": %d}}}".formatted(name, VQ, value));
  }

  private void line(String text) {
    daemon.take(new Incoming.Line(1, text), now);
  }
}
