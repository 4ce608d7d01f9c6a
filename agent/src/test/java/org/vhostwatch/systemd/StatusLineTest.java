package org.vhostwatch.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vhostwatch.detect.QueueVerdict;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.probe.ReturnCounts;
import org.vhostwatch.report.Samples;
import org.vhostwatch.snapshot.EpisodeTotals;
import org.vhostwatch.snapshot.HostSnapshot;
import org.vhostwatch.snapshot.IncidentTotals;
import org.vhostwatch.snapshot.OwnCost;
import org.vhostwatch.snapshot.QueueStatus;

class StatusLineTest {

  @Test
  void aLivelockIsNamed() {
    assertThat(StatusLine.of(host(List.of(livelocked("web01", "vnet3")), true)))
        .isEqualTo("LIVELOCKED: VM web01, tap vnet3, queue 0, kernel affected");
  }

  @Test
  void ofSeveralOneIsNamedAndTheOthersAreCounted() {
    assertThat(
            StatusLine.of(
                host(List.of(livelocked("a", "t"), livelocked("b", ""), healthy("c")), true)))
        .isEqualTo("LIVELOCKED: VM a, tap t, queue 0 and 1 more, kernel affected");
  }

  @Test
  void aHealthyHostIsCounted() {
    assertThat(StatusLine.of(host(List.of(healthy("a"), healthy("a"), healthy("b")), true)))
        .isEqualTo("healthy: 3 queues of 2 VMs, kernel affected");
    assertThat(StatusLine.of(host(List.of(), true)))
        .isEqualTo("healthy: no vhost_net queue on this host, kernel affected");
  }

  @Test
  void whatIsInTheWayIsSaid() {
    assertThat(StatusLine.of(host(List.of(healthy("a")), true, "the census failed", "more")))
        .isEqualTo(
            "healthy: 1 queue of 1 VM, kernel affected; degraded: the census failed and 1 more");
    assertThat(StatusLine.of(host(List.of(), false, "bpftrace is not installed")))
        .isEqualTo("UNKNOWN: bpftrace is not installed, kernel affected");
  }

  @Test
  void aHostWithoutVhostNetIsHealthy() {
    HostSnapshot idle = Samples.idle(List.of());
    assertThat(idle.blind()).isFalse();
    assertThat(idle.probes().degraded()).isFalse();
    assertThat(StatusLine.of(idle))
        .isEqualTo("healthy: the module vhost_net is not loaded, kernel affected");
    assertThat(StatusLine.of(Samples.idle(List.of("bpftrace is not installed"))))
        .as("the first VM would not be watched")
        .isEqualTo("UNKNOWN: bpftrace is not installed, kernel affected");
  }

  @Test
  void anUnratedKernelIsUnknown() {
    HostSnapshot unrated =
        new HostSnapshot(
            0,
            Samples.KERNEL,
            List.of(),
            List.of(),
            Samples.probes(true, List.of()),
            ReturnCounts.NONE,
            EpisodeTotals.NONE,
            KernelExposure.NOT_RATED,
            IncidentTotals.NONE,
            OwnCost.NONE,
            Map.of());
    assertThat(StatusLine.of(unrated)).endsWith(", kernel exposure unknown");
  }

  @Test
  void noNameCanAddALineOrOutgrowADatagram() {
    String name = "web\nREADY=1\u001b[2J" + "\u202e".repeat(300);
    String line = StatusLine.of(host(List.of(livelocked(name, name)), true, name));
    assertThat(line).doesNotContain("\n", "\u001b", "\u202e").contains("web\\u{a}READY=1");
    String wide = "\ud83d\ude00".repeat(300);
    line = StatusLine.of(host(List.of(livelocked(wide, wide)), true, wide));
    assertThat(line.getBytes(StandardCharsets.UTF_8).length).isLessThanOrEqualTo(2048);
  }

  private static HostSnapshot host(List<QueueStatus> queues, boolean up, String... troubles) {
    return new HostSnapshot(
        Samples.WALL_MILLIS,
        Samples.KERNEL,
        queues,
        List.of(),
        Samples.probes(up, List.of(troubles)),
        ReturnCounts.NONE,
        EpisodeTotals.NONE,
        Samples.exposure(),
        IncidentTotals.NONE,
        OwnCost.NONE,
        Map.of());
  }

  private static QueueStatus livelocked(String vm, String tap) {
    return status(vm, tap, Samples.livelocked(1, 5, 6, tap, 0));
  }

  private static QueueStatus healthy(String vm) {
    return status(vm, "t", Samples.healthy(1, 5, 6, "t", 0));
  }

  private static QueueStatus status(String vm, String tap, QueueVerdict verdict) {
    return new QueueStatus(
        vm, Optional.empty(), new TapPort(tap, 12, "br0", 4026531840L, 0, true), verdict, 0);
  }

  @Test
  void aWorkerThatIsBusyForAnUnknownCauseIsSaid() {
    HostSnapshot host =
        host(List.of(healthy("a")), true)
            .withUnexplained(List.of(Samples.unexplained("a", Samples.worker(7, 6, 1))));
    assertThat(StatusLine.of(host))
        .isEqualTo("healthy: 1 queue of 1 VM, 1 worker busy for an unknown cause, kernel affected");
  }
}
