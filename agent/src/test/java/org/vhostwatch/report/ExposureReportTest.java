package org.vhostwatch.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vhostwatch.report.ParsedJson.at;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.vhostwatch.exposure.Clue;
import org.vhostwatch.exposure.Exposure;
import org.vhostwatch.exposure.HostExposure;
import org.vhostwatch.exposure.KernelExposure;
import org.vhostwatch.exposure.QueueExposure;
import org.vhostwatch.exposure.QueueRater;
import org.vhostwatch.exposure.TapState;
import org.vhostwatch.exposure.Uplink;
import org.vhostwatch.host.TapPort;
import org.vhostwatch.host.Vmm;
import org.vhostwatch.probe.CensusQueue;

class ExposureReportTest {

  private static final KernelExposure UNDECIDED =
      new KernelExposure(
          Exposure.UNKNOWN,
          "Linux 5.14 is only the base",
          "5.14",
          List.of(
              new Clue(
                  Clue.Source.CHANGELOG,
                  Exposure.UNKNOWN,
                  false,
                  "/usr/share/doc/changelog.gz does not name the fix")));

  @Test
  void saysWhatWhyAndWhichQueues() {
    assertThat(ExposureReport.text(Samples.hostExposure(), Style.PLAIN))
        .isEqualTo(
            """
            AFFECTED: this kernel has the bug of CVE-2026-74356
              kernel   6.18.15-amd64
              because  Linux 6.18.15 is affected: from 5.18 on, and in 6.18.y before 6.18.40

            1 of 2 queues can be hit
            VM     TAP    QUEUE  HIT  MERGEABLE  OFFLOADS   RING  POSTED  BRIDGE  UPLINKS
            web01  vnet3      0  yes  yes        tso4,tso6   256       8  br0     eth0(physical,gro on)
            db02   vnet7      1  no   yes        off         256       8  br0     eth0(physical,gro on)
              vnet3: the tap takes super-packets of up to 64 KB (tx-tcp-segmentation, tx-tcp6-segmentation)
              vnet7: the tap's segmentation offloads are off: no packet needs several buffers
            """);
  }

  @Test
  void reasonsThatAreLeftOutAreCounted() {
    QueueExposure one = Samples.hostExposure().queues().get(0);
    List<QueueExposure> queues =
        IntStream.range(0, 23)
            .mapToObj(
                i ->
                    new QueueExposure(
                        one.queue(), one.port(), one.vmm(), one.tap(), one.reach(), "reason " + i))
            .toList();
    assertThat(ExposureReport.text(with(Samples.exposure(), queues, true), Style.PLAIN))
        .contains("reason 19\n  and 3 more: --format json has all\n")
        .doesNotContain("reason 20");
    assertThat(
            ExposureReport.text(with(Samples.exposure(), queues.subList(0, 20), true), Style.PLAIN))
        .contains("reason 19\n")
        .doesNotContain(" more");
  }

  @Test
  void offersTheDrillWhereNothingDecides() {
    HostExposure host = new HostExposure(0, "5.14.0-1.el9", UNDECIDED, List.of(), true, List.of());
    assertThat(ExposureReport.text(host, Style.PLAIN))
        .contains("UNKNOWN", "`vhostwatch drill` decides it", "no vhost_net queue on this host")
        .contains("also     /usr/share/doc/changelog.gz does not name the fix");
    assertThat(ExitCode.of(host)).isEqualTo(3);
    assertThat(at(ParsedJson.object(ExposureReport.json(host)), "remedy")).isNotNull();
  }

  @Test
  void theExitCodeIsZeroWhenFixedOrNoQueueCanBeHit() {
    HostExposure affected = Samples.hostExposure();
    assertThat(ExitCode.of(affected)).isEqualTo(1);
    List<QueueExposure> safe =
        affected.queues().stream()
            .filter(queue -> queue.reach() == QueueExposure.Reach.CANNOT)
            .toList();
    assertThat(ExitCode.of(with(affected.kernel(), safe, true))).isZero();
    assertThat(ExitCode.of(with(affected.kernel(), safe, false)))
        .as("without a census a queue may be missing")
        .isEqualTo(1);
    assertThat(ExitCode.of(with(affected.kernel(), List.of(), true)))
        .as("a VM may start at any time")
        .isEqualTo(1);
    assertThat(
            ExitCode.of(
                with(
                    new KernelExposure(Exposure.FIXED, "fixed", "7.3.4", List.of()),
                    affected.queues(),
                    true)))
        .isZero();
  }

  @Test
  void hostileNamesAreText() {
    TapPort port = new TapPort("\u001b[2Ja", 1, "b\nr", 0, 0, true);
    TapState tap =
        new TapState(
            List.of("tx-tcp-segmentation"),
            "",
            1500,
            List.of(new Uplink("e\u001b]0;x", "k\nind", Uplink.State.UNKNOWN)),
            "");
    Vmm vmm = new Vmm(1, 1, "q", "a\",b\n{}", Optional.empty(), Optional.empty());
    CensusQueue queue = Samples.livelocked(1, 1, 2, "x", 0).queue();
    HostExposure host =
        with(
            UNDECIDED,
            List.of(QueueRater.rate(Optional.ofNullable(queue), port, Optional.of(vmm), tap)),
            true);
    assertThat(ExposureReport.text(host, Style.PLAIN)).doesNotContain("\u001b", "b\nr", "k\nind");
    Map<String, Object> json = ParsedJson.object(ExposureReport.json(host));
    assertThat(at(json, "queues.0.vm")).isEqualTo("a\",b\n{}");
    assertThat(at(json, "queues.0.uplinks.0.gro")).isNull();
  }

  private static HostExposure with(
      KernelExposure kernel, List<QueueExposure> queues, boolean census) {
    return new HostExposure(0, "k", kernel, queues, census, List.of());
  }
}
