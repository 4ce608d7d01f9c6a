package org.vhostwatch.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vhostwatch.detect.Verdict;
import org.vhostwatch.host.FakeHost;
import org.vhostwatch.host.KernelFacts;
import org.vhostwatch.incident.Transcript;
import org.vhostwatch.log.LogRing;
import org.vhostwatch.log.Logging;
import org.vhostwatch.notify.Notices;
import org.vhostwatch.probe.Census;
import org.vhostwatch.probe.ProbeKit;

/** A host on which nothing uses vhost_net: a spare one, or one with vhost_vsock alone. */
class DaemonIdleTest {

  private static final long SECOND = 1_000_000_000L;

  private final FakeHost host;
  private final LogRing log = nothingWasSaidBefore();
  private final Daemon daemon;
  private long now = System.nanoTime();

  DaemonIdleTest(@TempDir Path folder) {
    Path root = folder.resolve("root");
    host = new FakeHost(root);
    daemon = new Daemon(TestOptions.of(root, folder), log, Notices.NONE);
  }

  private static LogRing nothingWasSaidBefore() {
    Logging.finish();
    return LogRing.attach();
  }

  @AfterEach
  void stop() {
    daemon.close();
  }

  @Test
  void aSpareHostIsHealthyAndNothingIsInTheWay() {
    lookedOver();
    cycles(30);
    assertThat(daemon.snapshot().worst()).isEqualTo(Verdict.HEALTHY);
    assertThat(daemon.snapshot().probes().degraded()).isFalse();
    assertThat(daemon.snapshot().probes().idle()).get().asString().contains("not loaded");
    assertThat(said()).as("once").hasSize(1);
  }

  @Test
  void aWorkerOfVsockIsNoQueueInTrouble() {
    vsock();
    lookedOver();
    cycles(30);
    assertThat(daemon.snapshot().workers()).hasSize(1);
    assertThat(daemon.snapshot().queues()).isEmpty();
    assertThat(daemon.snapshot().worst()).isEqualTo(Verdict.HEALTHY);
  }

  @Test
  void whatFailsAsTheModuleGoesIsOver() {
    lookedOver();
    daemon.take(new Incoming.CensusFailed("the census failed"), now);
    cycles(1);
    assertThat(daemon.snapshot().probes().troubles()).isEmpty();
  }

  @Test
  void whenTheModuleComesItsWorkersCountAgain() {
    vsock();
    lookedOver();
    cycles(5);
    // The kit is still that of before.
    host.file("sys/module/vhost_net/initstate", "live");
    cycles(400);
    assertThat(daemon.snapshot().probes().idle()).isEmpty();
    assertThat(daemon.snapshot().worst()).isEqualTo(Verdict.UNKNOWN);
    host.file("proc/modules", "vhost_net 36864 1 - Live 0x0");
    lookedOver();
    daemon.take(new Incoming.Counted(new Census(List.of(), 0), Transcript.ofCensus(now)), now);
    cycles(1);
    assertThat(daemon.snapshot().worst()).isEqualTo(Verdict.HEALTHY);
  }

  private void vsock() {
    host.process(100, "qemu", 10, "qemu").worker(100, 105, "vhost-100", 11, 0);
  }

  private void lookedOver() {
    KernelFacts facts = host.facts();
    daemon.take(
        new Incoming.Kit(new ProbeKit(facts, Optional.empty(), Optional.empty(), List.of())), now);
  }

  private void cycles(int seconds) {
    for (int i = 0; i < seconds; i++) {
      now += SECOND;
      daemon.cycle(now);
    }
  }

  private List<String> said() {
    return log.lines(0, "", "", 0, 0).stream()
        .map(LogRing.Line::text)
        .filter(line -> line.contains(" nothing-to-watch: "))
        .toList();
  }
}
